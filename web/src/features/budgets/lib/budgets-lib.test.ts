import { expect, test } from "vitest";
import type { BudgetWindow } from "@/api/types";
import { makeBudget, windowOf } from "@/testing/budgets";
import {
  changeBody,
  createBody,
  draftOf,
  exceedFits,
  newBudget,
  parseThresholds,
  plainAmount,
  reopens,
} from "./budget-draft";
import { byNearest, consequence, phaseOf, spentOf } from "./budget-state";
import { scheduleWords } from "./terms-words";
import { spanWords, toBars } from "./window-series";

const SPAN = [Date.parse("2026-11-01T00:00:00Z"), Date.parse("2026-12-01T00:00:00Z")] as const;
const budget = makeBudget({ id: "bud_1", name: "Team" });

function spending(
  settled: string,
  held: string | null = null,
  over: Parameters<typeof makeBudget>[0] | object = {},
) {
  return makeBudget({
    id: "bud_1",
    name: "Team",
    ...over,
    current_window: windowOf(SPAN, settled, "100", held),
  });
}

test.each([
  ["0", null, "open"],
  ["79.999999999", null, "open"],
  ["80", null, "nearly"],
  ["70", "10", "nearly"],
  ["99.999999999", null, "nearly"],
  ["95", "5", "full"],
  ["100", null, "full"],
  ["100.000000001", null, "exceeded"],
])("%s settled and %s held of 100 is %s", (settled, held, phase) => {
  expect(phaseOf(spending(settled, held))).toBe(phase);
});

test("a share that everybody has alone is not held against the limit", () => {
  const each = spending("500", null, { scope: { end_user: { kind: "each" } } });
  expect(spentOf(each)).toBeNull();
  expect(phaseOf(each)).toBe("open");
});

test("without thresholds nothing is nearly used up, and what is disabled has no other state", () => {
  expect(phaseOf(spending("99", null, { alert_thresholds: [] }))).toBe("open");
  expect(phaseOf(spending("200", null, { status: "disabled" }))).toBe("disabled");
});

test("shares keep their decimals beyond the precision of a float", () => {
  const large = makeBudget({
    id: "bud_1",
    name: "Large",
    limit: { amount: "9007199.254740991", currency: "USD" },
    current_window: {
      ...windowOf(SPAN, "0", null),
      settled: { amount: "4503599.627370496", currency: "USD" },
    },
  });
  expect(spentOf(large)).toEqual({ settled: 50, held: 0 });
  expect(phaseOf({ ...large, current_window: { ...large.current_window, settled: large.limit } })).toBe(
    "full",
  );
});

test("what a used-up budget means depends on how it is kept", () => {
  expect(consequence(spending("100"), "full")).toBe(
    "Calls it covers are refused with 402 until the window resets.",
  );
  const throttled = spending("120", null, {
    enforcement: "soft",
    on_exceed: { action: "throttle", requests_per_minute: 3 },
  });
  expect(consequence(throttled, "exceeded")).toContain("3 times a minute");
  expect(consequence(spending("120", null, { enforcement: "notify" }), "exceeded")).toBe(
    "It only notifies, so calls go on.",
  );
});

test("nearest to the limit comes first, disabled last", () => {
  const rows = [
    spending("10", null, { name: "far" }),
    spending("90", null, { name: "off", status: "disabled" }),
    spending("90", null, { name: "each", scope: { session: { kind: "each" } } }),
    spending("60", "20", { name: "near" }),
  ];
  expect(rows.sort(byNearest).map(({ name }) => name)).toEqual(["near", "far", "each", "off"]);
});

test("a new budget is sent with what was said", () => {
  const draft = { ...newBudget("prj_1"), name: " Team ", amount: " 25.00 " };
  expect(createBody(draft)).toEqual({
    name: "Team",
    limit: { amount: "25.00" },
    interval: "month",
    time_zone: "UTC",
    anchor: { hour: 0, weekday: 1, day: 1 },
    enforcement: "hard",
    on_exceed: { action: "refuse" },
    counts_own_connections: true,
    unknown_price: "refuse",
    alert_thresholds: [80, 100],
    scope: { project: "prj_1" },
  });
});

test("opening and saving an unchanged budget sends nothing, and a new limit sends only itself", () => {
  const draft = draftOf(budget);
  expect(draft.amount).toBe("100.00");
  expect(changeBody(draft, budget)).toEqual({});
  const raised = changeBody({ ...draft, amount: "150" }, budget);
  expect(raised).toEqual({ limit: { amount: "150" } });
  expect(reopens(raised)).toBe(false);
});

test("another hour sends the whole anchor and opens a new window", () => {
  const draft = draftOf(budget);
  const moved = changeBody({ ...draft, anchor: { ...draft.anchor, hour: 6 } }, budget);
  expect(moved).toEqual({ anchor: { hour: 6, weekday: 1, day: 1 } });
  expect(reopens(moved)).toBe(true);
});

test("what does not go with how a budget is kept is not sent", () => {
  const throttle = { ...newBudget("prj_1"), exceed: "throttle" as const };
  expect(createBody(throttle).on_exceed).toEqual({ action: "refuse" });
  expect(createBody({ ...throttle, enforcement: "soft" }).on_exceed).toEqual({
    action: "throttle",
    requests_per_minute: 10,
  });
  expect(exceedFits("route", newBudget(""))).toBe(false);
  expect(exceedFits("route", { ...newBudget("prj_1"), enforcement: "notify" })).toBe(false);
});

test.each([
  ["80, 100", [80, 100]],
  ["50 % 75%", [50, 75]],
  ["", []],
  ["0", null],
  ["101", null],
  ["79.5", null],
  ["soon", null],
  ["1 2 3 4 5 6 7 8 9 10 11", null],
])("thresholds %j are %j", (text, percents) => {
  expect(parseThresholds(text)).toEqual(percents);
});

test.each([
  ["25.000000000", "25.00"],
  ["0.500000001", "0.500000001"],
  ["1234.560000000", "1234.56"],
])("%s is written %s", (amount, text) => {
  expect(plainAmount(amount)).toBe(text);
});

test("periods are told as people say them", () => {
  const at = (interval: "day" | "week" | "month" | "lifetime", day = 1) =>
    scheduleWords({ interval, anchor: { hour: 6, weekday: 7, day }, timeZone: "Europe/Berlin" });
  expect(at("day")).toBe("Begins every day at 06:00, Europe/Berlin time.");
  expect(at("week")).toBe("Begins Sundays at 06:00, Europe/Berlin time.");
  expect(at("month", 15)).toBe("Begins on day 15 of each month at 06:00, Europe/Berlin time.");
  expect(at("month", 31)).toBe("Begins on the last day of each month at 06:00, Europe/Berlin time.");
  expect(at("month", 30)).toContain("or its last day when it is shorter,");
  expect(at("lifetime")).toBe("One period that never ends.");
});

function span(from: string, to: string | null, settled = "1"): BudgetWindow {
  return windowOf([Date.parse(from), to === null ? null : Date.parse(to)], settled, null);
}

test("bars run from old to new, with one gap where windows are missing", () => {
  const bars = toBars(
    [
      span("2026-11-20T00:00:00Z", "2026-11-21T00:00:00Z", "3"),
      span("2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z", "2"),
      span("2026-11-16T00:00:00Z", "2026-11-17T00:00:00Z", "1"),
    ],
    "day",
    "UTC",
  );
  expect(bars.map(({ axis, value }) => [axis, value])).toEqual([
    ["Nov 16", 1],
    ["Nov 17", 2],
    ["", 0],
    ["Nov 20", 3],
  ]);
});

test("a window is told by the clocks of its budget", () => {
  const november = span("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z");
  expect(spanWords(november, "Europe/Berlin")).toBe("Nov 1, 2026 to Dec 1, 2026");
  expect(spanWords(november, "UTC")).toBe("Oct 31, 2026, 23:00 to Nov 30, 2026, 23:00");
  expect(spanWords(span("2026-11-01T10:30:00Z", null), "UTC")).toBe("since Nov 1, 2026, 10:30");
});
