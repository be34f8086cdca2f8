import { expect, test } from "vitest";
import { callSnippets, openAiBaseUrl } from "./snippets";

test.each([
  "http://127.0.0.1:8787",
  "http://127.0.0.1:8787/",
  "http://127.0.0.1:8787/v1",
  "http://127.0.0.1:8787/v1/",
])("%s becomes the address an OpenAI client wants", (url) => {
  expect(openAiBaseUrl(url)).toBe("http://127.0.0.1:8787/v1");
});

test("every snippet carries the endpoint, the secret and what is asked for", () => {
  for (const { code } of callSnippets("https://gate.example", "sk-sg-secret", "route/support")) {
    expect(code).toContain("https://gate.example/v1");
    expect(code).toContain("sk-sg-secret");
    expect(code).toContain(`"route/support"`);
  }
});
