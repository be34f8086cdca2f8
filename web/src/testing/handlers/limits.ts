import type { CreateLimit, UpdateLimit } from "@/api/types";
import { makeLimit } from "../limits.ts";
import { freshId } from "../world.ts";
import { type Mock, page, problem } from "./call.ts";
import { based, etagOf, read } from "./revision.ts";

const LIMITS = "/organizations/{org}/limits";

export const limitMocks: Mock[] = [
  { method: "GET", path: LIMITS, handler: (call) => page(call, call.world.limits) },
  {
    method: "POST",
    path: LIMITS,
    handler: ({ world, now, body }) => {
      const { metric, amount, burst, scope } = body as CreateLimit;
      if (scope?.model?.includes(" ")) {
        const detail = "Use a model name without spaces, or its beginning followed by *.";
        return problem(422, "validation_failed", detail, "scope/model");
      }
      const limit = makeLimit({
        id: freshId(world, "lim"),
        metric,
        amount,
        burst: metric === "concurrency" ? null : (burst ?? amount),
        scope: scope ?? {},
        created_at: new Date(now).toISOString(),
      });
      world.limits.unshift(limit);
      return { status: 201, body: limit, etag: etagOf(world, limit.id) };
    },
  },
  {
    method: "GET",
    path: `${LIMITS}/{limit}`,
    handler: (call) => read(call, call.world.limits, call.path["limit"]),
  },
  {
    method: "PATCH",
    path: `${LIMITS}/{limit}`,
    handler: (call) =>
      based(call, call.world.limits, call.path["limit"], (limit) => {
        const { amount, burst, status } = call.body as UpdateLimit;
        if (amount) limit.amount = amount;
        if (burst !== undefined)
          limit.burst = limit.metric === "concurrency" ? null : (burst ?? limit.amount);
        if (status) limit.status = status;
        return { status: 200, body: limit };
      }),
  },
  {
    method: "DELETE",
    path: `${LIMITS}/{limit}`,
    handler: (call) =>
      based(call, call.world.limits, call.path["limit"], (limit) => {
        call.world.limits = call.world.limits.filter((other) => other !== limit);
        return { status: 204 };
      }),
  },
];
