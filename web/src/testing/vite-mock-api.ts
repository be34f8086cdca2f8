// Answers /api in the Vite server with the mock. The cookie `mock_world` picks the scenario and keeps browsers apart:
// `busy`, or `busy.anything` for a world of one's own.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Plugin } from "vite";
import { answer } from "./mock-api.ts";
import { createWorld, isScenario, type World } from "./world.ts";

/** What the control plane sends too, so that a page that breaks it is noticed here. */
const CONTENT_SECURITY_POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

export function mockApi(): Plugin {
  const worlds = new Map<string, World>();

  async function serve(incoming: IncomingMessage, outgoing: ServerResponse, next: () => void) {
    if (!incoming.url?.startsWith("/api/")) return next();
    const response = await answer(
      worldOf(worlds, incoming.headers.cookie ?? ""),
      await toRequest(incoming),
      Date.now(),
    );
    outgoing.writeHead(response.status, Object.fromEntries(response.headers));
    outgoing.end(await response.text());
  }

  return {
    name: "sluicegate-mock-api",
    configureServer: (server) => {
      server.middlewares.use((incoming, outgoing, next) => void serve(incoming, outgoing, next));
    },
    configurePreviewServer: (server) => {
      server.middlewares.use((incoming, outgoing, next) => {
        outgoing.setHeader("content-security-policy", CONTENT_SECURITY_POLICY);
        void serve(incoming, outgoing, next);
      });
    },
  };
}

function worldOf(worlds: Map<string, World>, cookies: string): World {
  const id = /(?:^|;\s*)mock_world=([\w.-]+)/.exec(cookies)?.[1] ?? "busy";
  const scenario = id.split(".")[0] ?? "";
  const known = worlds.get(id);
  if (known) return known;
  const world = createWorld(isScenario(scenario) ? scenario : "busy", Date.now());
  worlds.set(id, world);
  return world;
}

async function toRequest(incoming: IncomingMessage): Promise<Request> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Uint8Array);
  const method = incoming.method ?? "GET";
  const body = Buffer.concat(chunks).toString("utf8");
  return new Request(`http://${incoming.headers.host}${incoming.url}`, {
    method,
    headers: {
      authorization: incoming.headers.authorization ?? "",
      "content-type": incoming.headers["content-type"] ?? "application/json",
      ...(incoming.headers["if-match"] ? { "if-match": incoming.headers["if-match"] } : {}),
    },
    ...(method === "GET" || body === "" ? {} : { body }),
  });
}
