// The mock API behind `fetch`, for component tests.
import { vi } from "vitest";
import { answer } from "./mock-api.ts";
import { createWorld, type Scenario, type World } from "./world.ts";

export interface MockServer {
  world: World;
  /** Every call so far, as `METHOD path`. */
  calls: string[];
  /** Answers the next call that matches with 401, as if its token had just ended. */
  rejectOnce: (call: string) => void;
}

export function startMockServer(scenario: Scenario): MockServer {
  const world = createWorld(scenario, Date.now());
  const calls: string[] = [];
  const rejected = new Set<string>();
  vi.stubGlobal("fetch", async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const call = `${request.method} ${new URL(request.url).pathname}`;
    calls.push(call);
    if (rejected.delete(call)) return new Response("{}", { status: 401 });
    return answer(world, request, Date.now());
  });
  return { world, calls, rejectOnce: (call) => rejected.add(call) };
}
