import type { CreateTopUp, LedgerTransfer, Statement } from "@/api/types";
import { groupBy } from "../../lib/group-by.ts";
import { fromNanos, parseAmount, sumMoney } from "../../lib/money.ts";
import { type Books, standing, topUp } from "../books.ts";
import { freshId } from "../world.ts";
import { type Answer, type Call, type Mock, page, problem } from "./call.ts";

const ORGANIZATION = "/organizations/{org}";
const CENT = 10_000_000n;

/** Runs an operation of billing where somebody is billed. */
function booked(call: Call, operation: (books: Books) => Answer): Answer {
  const { books } = call.world;
  return books
    ? operation(books)
    : problem(409, "self_hosted_mode", "This deployment bills nobody for calls.");
}

function statement(ledger: readonly LedgerTransfer[], period: string): Statement {
  const starts = new Date(`${period}-01T00:00:00Z`);
  const ends = new Date(Date.UTC(starts.getUTCFullYear(), starts.getUTCMonth() + 1, 1));
  const within = ledger.filter(
    ({ created_at }) => new Date(created_at) >= starts && new Date(created_at) < ends,
  );
  const before = ledger.find(({ created_at }) => new Date(created_at) < starts);
  const opening = before?.balance_after ?? fromNanos(0n, "USD");
  const charged = sumMoney(within.filter(({ requests }) => requests > 0).map(({ amount }) => amount));
  return {
    period,
    starts_at: starts.toISOString(),
    ends_at: ends.toISOString(),
    opening,
    lines: [...groupBy(within, ({ type }) => type)].map(([type, rows]) => ({
      type,
      count: rows.length,
      amount: sumMoney(rows.map(({ amount }) => amount)),
    })),
    usage:
      within.length > 0
        ? [
            {
              project_id: "prj_01k00000000000000000000001",
              model: "openai/gpt-4o-mini",
              requests: within.reduce((sum, { requests }) => sum + requests, 0),
              charge: { ...charged, amount: charged.amount.replace("-", "") },
            },
          ]
        : [],
    closing: within[0]?.balance_after ?? opening,
  };
}

export const billingMocks: Mock[] = [
  {
    method: "GET",
    path: `${ORGANIZATION}/billing`,
    handler: (call) => booked(call, (books) => ({ status: 200, body: standing(books) })),
  },
  {
    method: "GET",
    path: `${ORGANIZATION}/credits`,
    handler: (call) => booked(call, ({ credits }) => page(call, credits)),
  },
  {
    method: "GET",
    path: `${ORGANIZATION}/ledger`,
    handler: (call) => booked(call, ({ ledger }) => page(call, ledger)),
  },
  {
    method: "GET",
    path: `${ORGANIZATION}/top-ups`,
    handler: (call) => booked(call, ({ topUps }) => page(call, topUps)),
  },
  {
    method: "POST",
    path: `${ORGANIZATION}/top-ups`,
    handler: (call) =>
      booked(call, (books) => {
        const { amount } = (call.body as CreateTopUp).amount;
        const nanos = parseAmount(amount);
        if (nanos === null || nanos <= 0n || nanos % CENT !== 0n) {
          return problem(422, "validation_failed", "Use whole cents above 0.", "amount/amount");
        }
        const made = topUp(call.now, {
          id: freshId(call.world, "top"),
          status: "awaiting_payment",
          amount,
          ago: 0,
          page: books.paymentPage,
        });
        books.topUps.unshift(made);
        return { status: 201, body: made };
      }),
  },
  {
    method: "GET",
    path: `${ORGANIZATION}/statements`,
    handler: (call) =>
      booked(call, ({ ledger }) => {
        const period = call.query.get("period") ?? new Date(call.now).toISOString().slice(0, 7);
        const body = statement(ledger, period);
        if (call.query.get("format") !== "csv") return { status: 200, body };
        const rows = body.lines.map(({ type, count, amount }) => `${type},${count},${amount.amount}`);
        return { status: 200, csv: ["type,count,amount", ...rows, ""].join("\n") };
      }),
  },
];
