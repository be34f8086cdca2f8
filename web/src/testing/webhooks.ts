// Made-up webhooks: one that works, one that gave up, and what they were told.
import type { Webhook, WebhookDelivery } from "@/api/types";

const MINUTE = 60_000;
const DAY = 86_400_000;
const ADA = "usr_01k00000000000000000000001";

export interface StoredDelivery extends WebhookDelivery {
  webhook: string;
}

export function busyWebhooks(now: number): Webhook[] {
  const created_at = new Date(now - 30 * DAY).toISOString();
  const made = { previous_secret_valid_until: null, created_at, created_by: ADA };
  return [
    {
      ...made,
      id: "whk_oncall",
      name: "On call",
      url: "https://hooks.northwind.example/sluicegate",
      status: "active",
      disabled_reason: null,
    },
    {
      ...made,
      id: "whk_chat",
      name: "Chat of the platform team",
      url: "https://chat.northwind.example/incoming/a-rather-long-address-of-a-room/8f2c1d",
      status: "disabled",
      disabled_reason: "gave_up",
    },
  ];
}

export function delivery(
  over: Partial<StoredDelivery> & Pick<StoredDelivery, "id" | "webhook" | "created_at">,
): StoredDelivery {
  return {
    event: `evt_${over.id}`,
    event_type: "budget.threshold",
    state: "delivered",
    attempts: 1,
    last_status: 204,
    last_error: null,
    last_attempt_at: over.created_at,
    next_attempt_at: null,
    delivered_at: over.created_at,
    ...over,
  };
}

export function busyDeliveries(now: number): StoredDelivery[] {
  const at = (minutes: number) => new Date(now - minutes * MINUTE).toISOString();
  const waits = { state: "pending", delivered_at: null } as const;
  return [
    delivery({
      ...waits,
      id: "whd_4",
      webhook: "whk_oncall",
      created_at: at(7),
      attempts: 2,
      last_status: 503,
      last_attempt_at: at(2),
      next_attempt_at: at(-28),
    }),
    delivery({ id: "whd_3", webhook: "whk_oncall", created_at: at(300) }),
    delivery({ id: "whd_2", webhook: "whk_oncall", created_at: at(4_400), attempts: 3, last_status: 200 }),
    delivery({
      id: "whd_1",
      webhook: "whk_chat",
      created_at: at(9_000),
      state: "failed",
      attempts: 8,
      last_status: null,
      last_error: "timed out",
      delivered_at: null,
    }),
  ];
}
