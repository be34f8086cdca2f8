// A call in three languages, ready to paste: the endpoint and the secret are already in it.

export const FIRST_MODEL = "sluicegate/echo";
export const SECRET_PLACEHOLDER = "sk-sg-…";

export interface Snippet {
  id: "curl" | "python" | "typescript";
  label: string;
  code: string;
  /** What to install first, if anything. */
  install: string | null;
}

/** The address an OpenAI client is given: the inference URL ending in /v1. */
export function openAiBaseUrl(inferenceUrl: string): string {
  const trimmed = inferenceUrl.replace(/\/+$/, "");
  return trimmed.endsWith("/v1") ? trimmed : `${trimmed}/v1`;
}

export function callSnippets(inferenceUrl: string, secret: string, model: string): Snippet[] {
  const baseUrl = openAiBaseUrl(inferenceUrl);
  return [
    {
      id: "curl",
      label: "curl",
      install: null,
      code: `curl ${baseUrl}/chat/completions \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{
    "model": "${model}",
    "messages": [{"role": "user", "content": "Hello, Sluicegate"}]
  }'`,
    },
    {
      id: "python",
      label: "Python",
      install: "pip install openai",
      code: `from openai import OpenAI

client = OpenAI(
    base_url="${baseUrl}",
    api_key="${secret}",
)

completion = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello, Sluicegate"}],
)
print(completion.choices[0].message.content)`,
    },
    {
      id: "typescript",
      label: "TypeScript",
      install: "npm install openai",
      code: `import OpenAI from "openai";

const client = new OpenAI({
  baseURL: "${baseUrl}",
  apiKey: "${secret}",
});

const completion = await client.chat.completions.create({
  model: "${model}",
  messages: [{ role: "user", content: "Hello, Sluicegate" }],
});
console.log(completion.choices[0].message.content);`,
    },
  ];
}
