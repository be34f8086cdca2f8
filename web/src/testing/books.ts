// Made-up credit: payments, a grant that soon expires, and what calls took of it.
import type { Billing, Credit, LedgerTransfer, TopUp, TransferType } from "@/api/types";
import { fromNanos, sumMoney, toNanos } from "../lib/money.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
const PAYMENT_PAGE = "https://pay.example.com/northwind";

/** The books of an organization. */
export interface Books {
  acceptsPayments: boolean;
  /** Where top-ups are paid, if the deployment has such a page. */
  paymentPage: string | null;
  credits: Credit[];
  /** Newest first. */
  ledger: LedgerTransfer[];
  topUps: TopUp[];
}

function usd(amount: string) {
  return fromNanos(toNanos({ amount, currency: "USD" }), "USD");
}

export function emptyBooks(): Books {
  return { acceptsPayments: true, paymentPage: PAYMENT_PAGE, credits: [], ledger: [], topUps: [] };
}

interface Event {
  ago: number;
  type: TransferType;
  amount: string;
  held?: string;
  reference?: string;
  requests?: number;
}

const EVENTS: readonly Event[] = [
  { ago: 41 * DAY, type: "top_up", amount: "100", reference: "pi_3QK1northwind" },
  { ago: 40 * DAY, type: "grant", amount: "20", reference: "welcome" },
  { ago: 39 * DAY, type: "hold", amount: "0", held: "10" },
  { ago: 33 * DAY, type: "settle", amount: "-7.482113", held: "-7.482113", requests: 1_204 },
  { ago: 33 * DAY, type: "release", amount: "0", held: "-2.517887" },
  { ago: 20 * DAY, type: "charge", amount: "-0.000412", requests: 1 },
  { ago: 12 * DAY, type: "refund", amount: "-25", reference: "re_3QK1northwind" },
  { ago: 9 * DAY, type: "adjustment", amount: "1.5", reference: "ticket 4711" },
  { ago: 2 * DAY, type: "hold", amount: "0", held: "12.25" },
  { ago: 3 * MINUTE, type: "settle", amount: "-3.139740207", held: "-3.139740207", requests: 312 },
];

export function busyBooks(now: number): Books {
  const ledger: LedgerTransfer[] = [];
  for (const [index, event] of EVENTS.entries()) {
    const before = ledger[0];
    const amount = usd(event.amount);
    const held = usd(event.held ?? "0");
    ledger.unshift({
      id: `led_${String(index + 1).padStart(26, "0")}`,
      number: index + 1,
      type: event.type,
      amount,
      held_change: held,
      balance_after: before ? sumMoney([before.balance_after, amount]) : amount,
      held_after: before ? sumMoney([before.held_after, held]) : held,
      about: null,
      reference: event.reference ?? null,
      requests: event.requests ?? 0,
      request_id: event.requests === 1 ? "req_00000000000000000000099321" : null,
      created_at: new Date(now - event.ago).toISOString(),
    });
  }
  return {
    acceptsPayments: true,
    paymentPage: PAYMENT_PAGE,
    ledger,
    credits: [
      credit(now, {
        id: "led_00000000000000000000000008",
        kind: "adjustment",
        amount: "1.5",
        left: "1.5",
        ago: 9,
      }),
      credit(now, {
        id: "led_00000000000000000000000002",
        kind: "grant",
        amount: "20",
        left: "9.378146793",
        ago: 40,
        ends: 6,
        reference: "welcome",
      }),
      credit(now, {
        id: "led_00000000000000000000000001",
        kind: "top_up",
        amount: "100",
        left: "65.889741",
        held: "9.110259793",
        ago: 41,
        ends: 324,
        reference: "pi_3QK1northwind",
      }),
    ],
    topUps: [
      topUp(now, { id: "top_00000000000000000000000003", amount: "50", status: "awaiting_payment", ago: 1 }),
      topUp(now, { id: "top_00000000000000000000000002", amount: "50", status: "failed", ago: 2 }),
      topUp(now, {
        id: "top_00000000000000000000000001",
        amount: "100",
        status: "paid",
        ago: 41,
        payment: "pi_3QK1northwind",
        refunded: "25",
      }),
    ],
  };
}

interface CreditSketch extends Pick<Credit, "id" | "kind"> {
  amount: string;
  left: string;
  held?: string;
  /** In days. */
  ago: number;
  ends?: number;
  reference?: string;
}

function credit(now: number, { id, kind, amount, left, held, ago, ends, reference }: CreditSketch): Credit {
  return {
    id,
    kind,
    amount: usd(amount),
    left: usd(left),
    held: usd(held ?? "0"),
    expires_at: ends ? new Date(now + ends * DAY).toISOString() : null,
    reference: reference ?? null,
    created_at: new Date(now - ago * DAY).toISOString(),
  };
}

interface TopUpSketch extends Pick<TopUp, "id" | "status"> {
  amount: string;
  /** In days. */
  ago: number;
  payment?: string;
  refunded?: string;
  page?: string | null;
}

export function topUp(now: number, sketch: TopUpSketch): TopUp {
  const { id, status, amount, ago, payment, refunded, page = PAYMENT_PAGE } = sketch;
  const isOpen = status === "awaiting_payment";
  return {
    id,
    status,
    amount: usd(amount),
    payment_url: isOpen && page ? `${page}?client_reference_id=${id}` : null,
    payment: payment ?? null,
    credit: status === "paid" ? "led_00000000000000000000000001" : null,
    refunded: usd(refunded ?? "0"),
    created_by: "usr_01k00000000000000000000001",
    created_at: new Date(now - ago * DAY).toISOString(),
    settled_at: isOpen ? null : new Date(now - ago * DAY + MINUTE).toISOString(),
  };
}

export function standing({ ledger, acceptsPayments }: Books): Billing {
  const [last] = ledger;
  const balance = last?.balance_after ?? usd("0");
  const held = last?.held_after ?? usd("0");
  const used = ledger.filter(({ type }) => type === "settle" || type === "charge");
  const total_used = fromNanos(-used.reduce((sum, { amount }) => sum + toNanos(amount), 0n), "USD");
  return {
    balance,
    held,
    available: fromNanos(toNanos(balance) - toNanos(held), "USD"),
    total_credits: sumMoney([balance, total_used]),
    total_used,
    accepts_payments: acceptsPayments,
  };
}
