// What the organization and its first project demand of endpoints.
import type { Constraints } from "@/api/types";
import { currentProject, NO_CONSTRAINTS } from "./fixtures.ts";

export function busyConstraints(): Map<string, Constraints> {
  const { max_price } = NO_CONSTRAINTS;
  return new Map([
    [currentProject.organization.id, { ...NO_CONSTRAINTS, providers: { only: null, ignore: ["deepseek"] } }],
    [
      currentProject.id,
      {
        ...NO_CONSTRAINTS,
        max_price: { ...max_price, output_per_mtok: { amount: "15.000000000", currency: "USD" } },
      },
    ],
  ]);
}
