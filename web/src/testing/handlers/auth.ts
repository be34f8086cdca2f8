import type { Me, Project, Session, User, Version } from "@/api/types";
import { memberOf, NO_CONSTRAINTS } from "../fixtures.ts";
import { freshId, type World } from "../world.ts";
import { type Answer, type Mock, page, problem } from "./call.ts";

const TOKEN_SECONDS = 600;

function session(world: World, user: User, now: number, status = 200): Answer {
  world.signedIn = true;
  const body: Session = {
    access_token: "mock-access-token",
    expires_at: new Date(now + TOKEN_SECONDS * 1_000).toISOString(),
    expires_in: TOKEN_SECONDS,
    user,
  };
  return { status, body };
}

export const authMocks: Mock[] = [
  {
    method: "POST",
    path: "/auth/sign-up",
    handler: ({ world, now, body }) => {
      const { email, name } = body as { email: string; name: string };
      if (email.startsWith("taken@"))
        return problem(409, "email_taken", "An account with this email exists.", "email");
      world.me = memberOf(name, email, "owner");
      return session(world, world.me.user, now, 201);
    },
  },
  {
    method: "POST",
    path: "/auth/sign-in",
    handler: ({ world, now, body }) => {
      const { email, password } = body as { email: string; password: string };
      if (password === "wrong-password") {
        return problem(401, "invalid_credentials", "The email or the password is not right.");
      }
      world.me ??= memberOf("Ada Byron", email, "owner");
      return session(world, world.me.user, now);
    },
  },
  {
    method: "POST",
    path: "/auth/refresh",
    handler: ({ world, now }) =>
      world.signedIn && world.me
        ? session(world, world.me.user, now)
        : problem(401, "unauthenticated", "Sign in to continue."),
  },
  {
    method: "POST",
    path: "/auth/sign-out",
    handler: ({ world }) => {
      world.signedIn = false;
      return { status: 204 };
    },
  },
  {
    method: "GET",
    path: "/me",
    handler: ({ world }) => ({ status: 200, body: world.me satisfies Me | null }),
  },
  {
    method: "GET",
    path: "/organizations/{org}/members",
    handler: (call) => {
      const { me } = call.world;
      const members = (me?.memberships ?? []).map(({ id, role }) => ({
        id,
        role,
        user: me?.user,
        created_at: "2026-08-03T09:00:00Z",
      }));
      return page(call, members);
    },
  },
  {
    method: "GET",
    path: "/version",
    handler: () => ({
      status: 200,
      body: { version: "0.1.0", commit: "mock", inference_url: "http://127.0.0.1:8787" } satisfies Version,
    }),
  },
  {
    method: "POST",
    path: "/projects",
    handler: ({ world, now, body }) => {
      const { organization, name } = body as { organization: string; name: string };
      const slug = name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
      const made: Project = {
        id: freshId(world, "prj"),
        organization,
        slug,
        name,
        constraints: NO_CONSTRAINTS,
        budget_refusals: "payment_required",
        created_at: new Date(now).toISOString(),
      };
      world.me?.memberships[0]?.projects.push({ id: made.id, slug, name });
      return { status: 201, body: made };
    },
  },
];
