// Every page and state worth looking at, how to get there, and what shows that it is there.
import { type PageState, PROJECT, press, rowAction } from "./page-state.ts";
import { STATES_OF_GOVERNING } from "./states-of-governing.ts";
import { STATES_OF_ROUTES } from "./states-of-routes.ts";

export const STATES: readonly PageState[] = [
  { name: "sign in", scenario: "fresh", path: "/sign-in", shows: "New here?" },
  {
    name: "sign in, refused",
    scenario: "fresh",
    path: "/sign-in",
    act: async (page) => {
      await page.getByLabel("Email").fill("ada@example.com");
      await page.getByLabel("Password").fill("wrong-password");
      await page.getByRole("button", { name: "Sign in" }).click();
    },
    shows: "The email or the password is not right.",
  },
  { name: "sign up", scenario: "fresh", path: "/sign-up", shows: "Already have an account?" },
  { name: "not found", scenario: "busy", path: "/nowhere", shows: "There is nothing at this address" },
  {
    name: "quickstart",
    scenario: "empty",
    path: `${PROJECT}/quickstart`,
    shows: "Waiting for your first request…",
  },
  {
    name: "quickstart, key shown",
    scenario: "empty",
    path: `${PROJECT}/quickstart`,
    act: press("Create key"),
    shows: "Shown only now.",
  },
  {
    name: "quickstart, first request",
    scenario: "empty",
    path: `${PROJECT}/quickstart`,
    act: press("Create key"),
    shows: "Your first request",
  },
  { name: "keys", scenario: "busy", path: `${PROJECT}/keys`, shows: "nightly-summaries" },
  { name: "keys, empty", scenario: "empty", path: `${PROJECT}/keys`, shows: "No keys yet" },
  { name: "keys, failed", scenario: "failing", path: `${PROJECT}/keys`, shows: "dependency_unavailable" },
  {
    name: "keys, read only",
    scenario: "viewer",
    path: `${PROJECT}/keys`,
    shows: "Needs the developer role.",
  },
  {
    name: "keys, create",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press("Create key"),
    shows: "Allowed models",
  },
  {
    name: "keys, menu",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press("Actions for checkout-service"),
    shows: "Revoke…",
    floats: true,
  },
  {
    name: "keys, revoke",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: rowAction("checkout-service", "Revoke…"),
    shows: /It made \d+ requests/,
  },
  {
    name: "keys, rotated",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: async (page) => {
      await rowAction("checkout-service", "Rotate…")(page);
      await page.getByRole("button", { name: "Rotate key" }).click();
    },
    shows: "The old secret keeps working until",
  },
  {
    name: "keys, derive",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: rowAction("nightly-summaries", "Derive…"),
    shows: "The new key can never do more than this one",
  },
  { name: "connections", scenario: "busy", path: `${PROJECT}/connections`, shows: "Test failed" },
  {
    name: "connections, empty",
    scenario: "empty",
    path: `${PROJECT}/connections`,
    shows: "No connections yet",
  },
  {
    name: "connections, add",
    scenario: "busy",
    path: `${PROJECT}/connections`,
    act: press("Add connection"),
    shows: "The provider's API key.",
  },
  {
    name: "connections, tested",
    scenario: "busy",
    path: `${PROJECT}/connections`,
    act: rowAction("mistral", "Test"),
    shows: "The provider answered 401",
  },
  { name: "requests", scenario: "busy", path: `${PROJECT}/requests`, shows: "checkout-service" },
  {
    name: "requests, none match",
    scenario: "busy",
    path: `${PROJECT}/requests?model=x`,
    shows: "No requests match",
  },
  {
    name: "requests, empty",
    scenario: "empty",
    path: `${PROJECT}/requests`,
    shows: "No requests in this time",
  },
  {
    name: "requests, detail",
    scenario: "busy",
    path: `${PROJECT}/requests`,
    act: (page) =>
      page
        .getByRole("link", { name: /^Request to/ })
        .nth(3)
        .click(),
    shows: "Cost and tokens",
  },
  { name: "usage", scenario: "busy", path: `${PROJECT}/usage`, shows: "Spend per hour" },
  {
    name: "usage by model",
    scenario: "busy",
    path: `${PROJECT}/usage?group=model&range=7d`,
    shows: "Spend per day",
  },
  {
    name: "usage table",
    scenario: "busy",
    path: `${PROJECT}/usage?view=table&metric=tokens`,
    shows: "Tokens per hour",
  },
  { name: "usage, empty", scenario: "empty", path: `${PROJECT}/usage`, shows: "No requests in this time" },
  {
    name: "project menu",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press(/Switch project/),
    shows: "Support bot",
    floats: true,
  },
  {
    name: "account menu",
    scenario: "busy",
    path: `${PROJECT}/keys`,
    act: press(/Account of/),
    shows: "Sign out",
    floats: true,
  },
  ...STATES_OF_ROUTES,
  ...STATES_OF_GOVERNING,
];
