import type { CreateWebhook, UpdateWebhook, Webhook } from "@/api/types";
import { delivery } from "../webhooks.ts";
import { freshId } from "../world.ts";
import { type Answer, type Mock, page, problem } from "./call.ts";
import { based, etagOf, read } from "./revision.ts";

const WEBHOOKS = "/organizations/{org}/webhooks";
const SECRET = "whsec_TW9ja3MgaGF2ZSBubyBzZWNyZXRzIGF0IGFsbCE=";

function refused({ url }: UpdateWebhook): Answer | null {
  if (!url || url.startsWith("https://")) return null;
  return problem(422, "validation_failed", "Use an address that begins with https://.", "url");
}

export const webhookMocks: Mock[] = [
  { method: "GET", path: WEBHOOKS, handler: (call) => page(call, call.world.webhooks) },
  {
    method: "POST",
    path: WEBHOOKS,
    handler: ({ world, now, body }) => {
      const { name, url } = body as CreateWebhook;
      const finding = refused({ url });
      if (finding) return finding;
      const webhook: Webhook = {
        id: freshId(world, "whk"),
        name,
        url,
        status: "active",
        disabled_reason: null,
        previous_secret_valid_until: null,
        created_at: new Date(now).toISOString(),
        created_by: world.me?.user.id ?? null,
      };
      world.webhooks.unshift(webhook);
      return { status: 201, body: { ...webhook, secret: SECRET }, etag: etagOf(world, webhook.id) };
    },
  },
  {
    method: "GET",
    path: `${WEBHOOKS}/{webhook}`,
    handler: (call) => read(call, call.world.webhooks, call.path["webhook"]),
  },
  {
    method: "PATCH",
    path: `${WEBHOOKS}/{webhook}`,
    handler: (call) =>
      based(call, call.world.webhooks, call.path["webhook"], (webhook) => {
        const change = call.body as Partial<Webhook>;
        const finding = refused(change);
        if (finding) return finding;
        Object.assign(webhook, change, change.status ? { disabled_reason: null } : {});
        return { status: 200, body: webhook };
      }),
  },
  {
    method: "DELETE",
    path: `${WEBHOOKS}/{webhook}`,
    handler: (call) =>
      based(call, call.world.webhooks, call.path["webhook"], (webhook) => {
        call.world.webhooks = call.world.webhooks.filter((other) => other !== webhook);
        return { status: 204 };
      }),
  },
  {
    method: "GET",
    path: `${WEBHOOKS}/{webhook}/deliveries`,
    handler: (call) => {
      const own = call.world.deliveries.filter(({ webhook }) => webhook === call.path["webhook"]);
      return page(
        call,
        own.map(({ webhook: _, ...shown }) => shown),
      );
    },
  },
  {
    method: "POST",
    path: `${WEBHOOKS}/{webhook}/rotate`,
    handler: ({ world, now, path, body }) => {
      const webhook = world.webhooks.find(({ id }) => id === path["webhook"]);
      if (!webhook) return problem(404, "not_found", "There is no such thing.");
      const { overlap_seconds } = body as { overlap_seconds: number };
      webhook.previous_secret_valid_until =
        overlap_seconds > 0 ? new Date(now + overlap_seconds * 1_000).toISOString() : null;
      return { status: 200, body: { ...webhook, secret: SECRET } };
    },
  },
  {
    method: "POST",
    path: `${WEBHOOKS}/{webhook}/test`,
    handler: ({ world, now, path }) => {
      const webhook = world.webhooks.find(({ id }) => id === path["webhook"]);
      if (!webhook) return problem(404, "not_found", "There is no such thing.");
      const isTaken = webhook.disabled_reason === null;
      const made = delivery({
        id: freshId(world, "whd"),
        webhook: webhook.id,
        created_at: new Date(now).toISOString(),
        event_type: "webhook.test",
        ...(isTaken ? {} : { state: "failed", last_status: 404, delivered_at: null }),
      });
      world.deliveries.unshift(made);
      const { webhook: _, ...body } = made;
      return { status: 200, body };
    },
  },
];
