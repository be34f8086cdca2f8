// The route tree. Pages load when they are first opened; filters live in each page's query string.
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { sessionState } from "@/api/session";
import { parseBillingSearch } from "@/features/billing/lib/billing-search";
import { parseBudgetSearch, parseBudgetsSearch } from "@/features/budgets/lib/budgets-search";
import { parseFactsSearch } from "@/features/facts/lib/facts-search";
import { parseLimitsSearch } from "@/features/limits/lib/limits-search";
import { parseRequestsSearch } from "@/features/requests/lib/filters";
import { parseDraftSearch } from "@/features/routes/lib/draft-search";
import { parseRouteSearch } from "@/features/routes/lib/routes-search";
import { parseUsageSearch } from "@/features/usage/lib/usage-search";
import { parseSearch, stringifySearch } from "@/lib/search-params";
import { NotFound } from "./routes/not-found";
import { PageError } from "./routes/page-error";

const root = createRootRoute({ component: Outlet });

interface AuthSearch {
  /** Where to go once signed in: a path of this site. */
  next?: string;
}

function parseAuthSearch(search: Record<string, unknown>): AuthSearch {
  const next = search["next"];
  return typeof next === "string" && /^\/(?![/\\])/.test(next) ? { next } : {};
}

function onlySignedOut({ search }: { search: AuthSearch }) {
  if (sessionState().status === "signed-in") throw redirect({ href: search.next ?? "/", replace: true });
}

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: parseAuthSearch,
  beforeLoad: onlySignedOut,
  component: lazyRouteComponent(() => import("./routes/auth/sign-in"), "SignInPage"),
});

const signUp = createRoute({
  getParentRoute: () => root,
  path: "/sign-up",
  validateSearch: parseAuthSearch,
  beforeLoad: onlySignedOut,
  component: lazyRouteComponent(() => import("./routes/auth/sign-up"), "SignUpPage"),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  beforeLoad: ({ location }) => {
    if (sessionState().status === "signed-in") return;
    throw redirect({
      to: "/sign-in",
      search: location.href === "/" ? {} : { next: location.href },
      replace: true,
    });
  },
});

const home = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  component: lazyRouteComponent(() => import("./routes/home"), "HomePage"),
});

const project = createRoute({
  getParentRoute: () => signedIn,
  path: "/o/$org/p/$project",
  component: lazyRouteComponent(() => import("./layouts/dashboard-layout"), "DashboardLayout"),
});

const projectHome = createRoute({
  getParentRoute: () => project,
  path: "/",
  component: lazyRouteComponent(() => import("./routes/project-home"), "ProjectHomePage"),
});

const quickstart = createRoute({
  getParentRoute: () => project,
  path: "/quickstart",
  component: lazyRouteComponent(() => import("./routes/quickstart"), "QuickstartPage"),
});

const keys = createRoute({
  getParentRoute: () => project,
  path: "/keys",
  component: lazyRouteComponent(() => import("./routes/keys"), "KeysPage"),
});

const connections = createRoute({
  getParentRoute: () => project,
  path: "/connections",
  component: lazyRouteComponent(() => import("./routes/connections"), "ConnectionsPage"),
});

const routes = createRoute({
  getParentRoute: () => project,
  path: "/routes",
  component: lazyRouteComponent(() => import("./routes/routes"), "RoutesPage"),
});

const newRoute = createRoute({
  getParentRoute: () => project,
  path: "/routes/new",
  validateSearch: ({ example }: Record<string, unknown>): { example?: string } =>
    typeof example === "string" ? { example } : {},
  component: lazyRouteComponent(() => import("./routes/new-route"), "NewRoutePage"),
});

const route = createRoute({
  getParentRoute: () => project,
  path: "/routes/$route",
  validateSearch: parseRouteSearch,
  component: lazyRouteComponent(() => import("./routes/route"), "RoutePage"),
});

const routeDraft = createRoute({
  getParentRoute: () => project,
  path: "/routes/$route/draft",
  validateSearch: parseDraftSearch,
  component: lazyRouteComponent(() => import("./routes/route-draft"), "RouteDraftPage"),
});

const constraints = createRoute({
  getParentRoute: () => project,
  path: "/constraints",
  component: lazyRouteComponent(() => import("./routes/constraints"), "ConstraintsPage"),
});

const facts = createRoute({
  getParentRoute: () => project,
  path: "/facts",
  validateSearch: parseFactsSearch,
  component: lazyRouteComponent(() => import("./routes/facts"), "FactsPage"),
});

const requests = createRoute({
  getParentRoute: () => project,
  path: "/requests",
  validateSearch: parseRequestsSearch,
  component: lazyRouteComponent(() => import("./routes/requests"), "RequestsPage"),
});

const usage = createRoute({
  getParentRoute: () => project,
  path: "/usage",
  validateSearch: parseUsageSearch,
  component: lazyRouteComponent(() => import("./routes/usage"), "UsagePage"),
});

const budgets = createRoute({
  getParentRoute: () => project,
  path: "/budgets",
  validateSearch: parseBudgetsSearch,
  component: lazyRouteComponent(() => import("./routes/budgets"), "BudgetsPage"),
});

const budget = createRoute({
  getParentRoute: () => project,
  path: "/budgets/$budget",
  validateSearch: parseBudgetSearch,
  component: lazyRouteComponent(() => import("./routes/budget"), "BudgetPage"),
});

const limits = createRoute({
  getParentRoute: () => project,
  path: "/limits",
  validateSearch: parseLimitsSearch,
  component: lazyRouteComponent(() => import("./routes/limits"), "LimitsPage"),
});

const webhooks = createRoute({
  getParentRoute: () => project,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./routes/webhooks"), "WebhooksPage"),
});

const webhook = createRoute({
  getParentRoute: () => project,
  path: "/webhooks/$webhook",
  component: lazyRouteComponent(() => import("./routes/webhook"), "WebhookPage"),
});

const settings = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  component: lazyRouteComponent(() => import("./routes/settings"), "SettingsPage"),
});

const billing = createRoute({
  getParentRoute: () => project,
  path: "/billing",
  validateSearch: parseBillingSearch,
  component: lazyRouteComponent(() => import("./routes/billing"), "BillingPage"),
});

const routeTree = root.addChildren([
  signIn,
  signUp,
  signedIn.addChildren([
    home,
    project.addChildren([
      projectHome,
      quickstart,
      keys,
      connections,
      routes,
      newRoute,
      route,
      routeDraft,
      constraints,
      facts,
      requests,
      usage,
      budgets,
      budget,
      limits,
      webhooks,
      webhook,
      settings,
      billing,
    ]),
  ]),
]);

export const router = createRouter({
  routeTree,
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: PageError,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
