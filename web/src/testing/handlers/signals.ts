import { type Mock, page, problem } from "./call.ts";

const SIGNALS = "/projects/{project}/signals";

export const signalMocks: Mock[] = [
  { method: "GET", path: SIGNALS, handler: (call) => page(call, call.world.signals) },
  {
    method: "DELETE",
    path: `${SIGNALS}/{signal}`,
    handler: ({ world, path }) => {
      const signal = world.signals.find(({ name }) => name === path["signal"]);
      if (!signal) return problem(404, "not_found", "There is no such signal.");
      world.signals = world.signals.filter((other) => other !== signal);
      return { status: 204 };
    },
  },
];
