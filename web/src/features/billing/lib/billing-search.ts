// Which part of billing is shown, as it stands in the URL.
import { isMonth } from "./months";

export const TABS = ["ledger", "credits", "top-ups", "statements"] as const;
export type BillingTab = (typeof TABS)[number];

export interface BillingSearch {
  /** Absent: the first one the reader may see. */
  tab?: BillingTab;
  /** The month of the statement; absent: this one. */
  period?: string;
}

export function parseBillingSearch(search: Record<string, unknown>): BillingSearch {
  const { tab, period } = search;
  return {
    ...(TABS.includes(tab as BillingTab) ? { tab: tab as BillingTab } : {}),
    ...(isMonth(period) ? { period } : {}),
  };
}
