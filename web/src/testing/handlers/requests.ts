import { type Mock, page, problem } from "./call.ts";

const REQUESTS = "/projects/{project}/requests";

export const requestMocks: Mock[] = [
  {
    method: "GET",
    path: REQUESTS,
    handler: (call) => {
      const { query, now } = call;
      const from = Date.parse(query.get("from") ?? "1970-01-01T00:00:00Z");
      const to = Math.min(now, Date.parse(query.get("to") ?? "9999-01-01T00:00:00Z"));
      const status = query.get("status");
      const model = query.get("model");
      const key = query.get("key");
      const rows = call.world.requests.filter((row) => {
        const at = Date.parse(row.started_at);
        return (
          at >= from &&
          at <= to &&
          (!status || (row.outcome === "served") === (status === "ok")) &&
          (!model || row.model_requested === model || row.model_served === model) &&
          (!key || row.key?.id === key)
        );
      });
      return page(call, rows);
    },
  },
  {
    method: "GET",
    path: `${REQUESTS}/{request}`,
    handler: ({ world, path }) => {
      const row = world.requests.find(({ id }) => id === path["request"]);
      return row ? { status: 200, body: row } : problem(404, "not_found", "There is no such request.");
    },
  },
];
