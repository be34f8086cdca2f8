import type { FactStatement, StateFacts } from "@/api/types";
import { catalogWith, fillFacts } from "../catalog.ts";
import { freshId } from "../world.ts";
import { type Mock, page, problem } from "./call.ts";
import { based, etagOf, read } from "./revision.ts";

const FACTS = "/organizations/{org}/facts";

export const factMocks: Mock[] = [
  {
    method: "GET",
    path: "/models",
    handler: (call) => {
      const { world, query } = call;
      const q = query.get("q")?.toLowerCase();
      const provider = query.get("provider");
      const models = catalogWith(query.get("organization") ? world.statements : []);
      return page(
        call,
        models.filter(
          ({ id, endpoints }) =>
            (!q || id.includes(q)) && (!provider || endpoints.some((way) => way.provider === provider)),
        ),
      );
    },
  },
  { method: "GET", path: FACTS, handler: (call) => page(call, call.world.statements) },
  {
    method: "POST",
    path: FACTS,
    handler: ({ world, now, body }) => {
      const { about, facts, evidence, as_of } = body as StateFacts;
      if (facts.processing && !/^[A-Z]{2}$/.test(facts.processing)) {
        const detail = `No country has the code ${facts.processing}.`;
        return problem(422, "validation_failed", detail, "facts/processing");
      }
      const statement: FactStatement = {
        id: freshId(world, "fct"),
        about: { provider: null, connection: null, model: null, ...about },
        facts: fillFacts(facts),
        evidence,
        as_of,
        created_at: new Date(now).toISOString(),
        created_by: world.me?.user.id ?? null,
      };
      world.statements.unshift(statement);
      return { status: 201, body: statement, etag: etagOf(world, statement.id) };
    },
  },
  {
    method: "GET",
    path: `${FACTS}/{statement}`,
    handler: (call) => read(call, call.world.statements, call.path["statement"]),
  },
  {
    method: "DELETE",
    path: `${FACTS}/{statement}`,
    handler: (call) =>
      based(call, call.world.statements, call.path["statement"], (statement) => {
        call.world.statements = call.world.statements.filter((other) => other !== statement);
        return { status: 204 };
      }),
  },
];
