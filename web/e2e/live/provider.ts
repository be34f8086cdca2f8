// A provider of the test's own: answers chat completions as OpenAI does, each with the same use of tokens, and counts them.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export const MODEL = "gpt-4o-mini";
/** What each answer takes. */
export const USE = { prompt_tokens: 10, completion_tokens: 1_000 };

export interface Provider {
  url: string;
  answered: () => number;
  stop: () => Promise<void>;
}

export async function startProvider(): Promise<Provider> {
  let answered = 0;
  const server: Server = createServer((request, response) => {
    request.resume().on("end", () => {
      if (request.method === "POST") answered += 1;
      respond(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    answered: () => answered,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function respond({ method }: IncomingMessage, response: ServerResponse) {
  const created = Math.floor(Date.now() / 1_000);
  const body =
    method === "POST"
      ? {
          id: "chatcmpl-1",
          object: "chat.completion",
          created,
          model: MODEL,
          choices: [
            {
              index: 0,
              message: { role: "assistant", content: "Rivers: Elbe, Oder." },
              finish_reason: "stop",
            },
          ],
          usage: { ...USE, total_tokens: USE.prompt_tokens + USE.completion_tokens },
        }
      : { object: "list", data: [{ id: MODEL, object: "model", created, owned_by: "openai" }] };
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
