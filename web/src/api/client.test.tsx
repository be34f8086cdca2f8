import { beforeEach, expect, test, vi } from "vitest";
import { type MockServer, startMockServer } from "@/testing/server";
import { api } from "./client";
import { asProblem, ProblemError, unwrap } from "./problem";
import { endSession, refreshSession, sessionState } from "./session";

let server: MockServer;
const REFRESH = "POST /api/v1/auth/refresh";
const ME = "GET /api/v1/me";

beforeEach(async () => {
  server = startMockServer("busy");
  await refreshSession();
  server.calls.length = 0;
});

test("a call carries the token", async () => {
  const me = await unwrap(api.GET("/api/v1/me"));
  expect(me.user.name).toBe("Ada Byron");
  expect(server.calls).toEqual([ME]);
});

test("an ended token is renewed once and the call repeated, body included", async () => {
  const create = "POST /api/v1/projects/prj_1/keys";
  server.rejectOnce(create);
  const key = await unwrap(
    api.POST("/api/v1/projects/{project}/keys", {
      params: { path: { project: "prj_1" } },
      body: { name: "again" },
    }),
  );
  expect(key.name).toBe("again");
  expect(server.calls).toEqual([create, REFRESH, create]);
});

test("calls refused at the same moment share one renewal", async () => {
  server.rejectOnce(ME);
  server.rejectOnce("GET /api/v1/providers");
  await Promise.all([unwrap(api.GET("/api/v1/me")), unwrap(api.GET("/api/v1/providers"))]);
  expect(server.calls.filter((call) => call === REFRESH)).toHaveLength(1);
});

test("when the session is over, the call fails and nobody is signed in", async () => {
  server.world.signedIn = false;
  server.rejectOnce(ME);
  await expect(unwrap(api.GET("/api/v1/me"))).rejects.toBeInstanceOf(ProblemError);
  expect(sessionState().status).toBe("signed-out");
});

test("a server that does not answer signs nobody out", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("network")));
  const failure = await unwrap(api.GET("/api/v1/me")).catch(asProblem);
  expect(failure).toMatchObject({ status: 0, code: "unreachable", retryable: true });
  expect(sessionState().status).toBe("signed-in");
});

test("a problem keeps its code, its request id and the place of each message", async () => {
  const failure = await unwrap(
    api.POST("/api/v1/projects/{project}/keys", {
      params: { path: { project: "prj_1" } },
      body: { name: "taken" },
    }),
  ).catch(asProblem);
  expect(failure).toMatchObject({
    status: 422,
    code: "validation_failed",
    fields: { name: "Another key has this name." },
  });
  expect((failure as ProblemError).requestId).toMatch(/^req_/);
});

test("after signing out no token is sent", async () => {
  endSession("here");
  const failure = await unwrap(api.GET("/api/v1/me")).catch(asProblem);
  expect(failure).toMatchObject({ status: 401 });
});
