import type { Connection, ConnectionTest, CredentialForm, Provider, SettingForm } from "@/api/types";
import { freshId, type World } from "../world.ts";
import { type Answer, type Mock, page, problem } from "./call.ts";

const CONNECTIONS = "/projects/{project}/connections";

const API_KEY: CredentialForm = {
  kind: "api_key",
  label: "API key",
  hint: "The provider's API key.",
  fields: [],
};

const AWS_KEYS: CredentialForm = {
  kind: "aws_keys",
  label: "AWS access key",
  hint: "Requests are signed with it.",
  fields: [
    { name: "access_key_id", label: "Access key ID", required: true, secret: false },
    { name: "secret_access_key", label: "Secret access key", required: true, secret: true },
    { name: "session_token", label: "Session token", required: false, secret: true },
  ],
};

const REGION: SettingForm = {
  name: "region",
  label: "AWS region",
  required: true,
  example: "us-east-1",
  hint: "Where the models run.",
};

const PROVIDERS: Provider[] = [
  provider("openai", "OpenAI", "https://api.openai.com/v1"),
  {
    ...provider("amazon-bedrock", "Amazon Bedrock", "https://bedrock-runtime.{region}.amazonaws.com"),
    credentials: [AWS_KEYS, API_KEY],
    settings: [REGION],
  },
  provider("mistral", "Mistral", "https://api.mistral.ai/v1"),
  provider("groq", "Groq", "https://api.groq.com/openai/v1"),
  { ...provider("openai-compatible", "OpenAI-compatible server", null), needs_credential: false },
];

function provider(id: string, name: string, base_url: string | null): Provider {
  return {
    id,
    name,
    base_url,
    base_url_example: base_url ?? "https://models.example.com/v1",
    needs_credential: true,
    credentials: [API_KEY],
    settings: [],
    docs_url: null,
  };
}

function withConnection(world: World, id: string | undefined, change: (row: Connection) => Answer): Answer {
  const row = world.connections.find((candidate) => candidate.id === id);
  return row ? change(row) : problem(404, "not_found", "There is no such connection.");
}

function hint(credential: string | null | undefined): string | null {
  return credential ? `…${credential.slice(-4)}` : null;
}

export const connectionMocks: Mock[] = [
  { method: "GET", path: "/providers", handler: () => ({ status: 200, body: PROVIDERS }) },
  { method: "GET", path: CONNECTIONS, handler: (call) => page(call, call.world.connections) },
  {
    method: "POST",
    path: CONNECTIONS,
    handler: ({ world, now, body }) => {
      const asked = body as Omit<Connection, "settings"> & Partial<Connection> & { credential?: string };
      const { slug, provider: id, base_url, credential, settings = {} } = asked;
      if (world.connections.some((row) => row.slug === slug)) {
        return problem(409, "slug_taken", "Another connection has this name.");
      }
      if (base_url?.includes("169.254.")) {
        return problem(422, "base_url_forbidden", "This address is inside the network of the server.");
      }
      if (settings.region?.includes(".")) {
        return problem(422, "validation_failed", "Use letters, digits and hyphens.", "settings/region");
      }
      const row: Connection = {
        id: freshId(world, "con"),
        slug,
        provider: id,
        base_url: base_url ?? PROVIDERS.find((known) => known.id === id)?.base_url ?? "",
        settings,
        credential_hint: hint(credential),
        status: "active",
        priority: 0,
        created_at: new Date(now).toISOString(),
        last_test: null,
      };
      world.connections.push(row);
      return { status: 201, body: row };
    },
  },
  {
    method: "PATCH",
    path: `${CONNECTIONS}/{connection}`,
    handler: ({ world, path, body }) =>
      withConnection(world, path["connection"], (row) => {
        const change = body as { status?: Connection["status"]; credential?: string };
        if (change.status) row.status = change.status;
        if (change.credential) row.credential_hint = hint(change.credential);
        return { status: 200, body: row };
      }),
  },
  {
    method: "DELETE",
    path: `${CONNECTIONS}/{connection}`,
    handler: ({ world, path }) =>
      withConnection(world, path["connection"], (row) => {
        world.connections = world.connections.filter((other) => other !== row);
        return { status: 204 };
      }),
  },
  {
    method: "POST",
    path: `${CONNECTIONS}/{connection}/test`,
    handler: ({ world, now, path }) =>
      withConnection(world, path["connection"], (row) => {
        const ok = row.provider !== "mistral";
        const result: ConnectionTest = {
          ok,
          latency_ms: 184,
          status: ok ? 200 : 401,
          message: ok ? null : "Unauthorized: the API key was revoked",
          models: ok ? ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small"] : [],
        };
        row.last_test = {
          at: new Date(now).toISOString(),
          ok,
          latency_ms: 184,
          status: result.status,
          message: result.message,
        };
        return { status: 200, body: result };
      }),
  },
];
