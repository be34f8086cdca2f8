// The pages of a project, in groups. Used by the side bar and by the menu sheet on small screens.
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import {
  BellRing,
  BookOpenCheck,
  ChartColumn,
  CreditCard,
  Gauge,
  KeyRound,
  List,
  Plug,
  Rocket,
  Settings,
  ShieldCheck,
  Split,
  Wallet,
} from "lucide-react";
import { billingQuery } from "@/features/billing/api/get-billing";
import { useProject } from "@/hooks/use-project";
import styles from "./navigation.module.css";

const GROUPS = [
  {
    title: "Build",
    pages: [
      { to: "/o/$org/p/$project/quickstart", name: "Quickstart", icon: Rocket },
      { to: "/o/$org/p/$project/keys", name: "Keys", icon: KeyRound },
      { to: "/o/$org/p/$project/connections", name: "Connections", icon: Plug },
    ],
  },
  {
    title: "Route",
    pages: [
      { to: "/o/$org/p/$project/routes", name: "Routes", icon: Split },
      { to: "/o/$org/p/$project/constraints", name: "Constraints", icon: ShieldCheck },
      { to: "/o/$org/p/$project/facts", name: "Facts", icon: BookOpenCheck },
    ],
  },
  {
    title: "Observe",
    pages: [
      { to: "/o/$org/p/$project/requests", name: "Requests", icon: List },
      { to: "/o/$org/p/$project/usage", name: "Usage", icon: ChartColumn },
    ],
  },
  {
    title: "Govern",
    pages: [
      { to: "/o/$org/p/$project/budgets", name: "Budgets", icon: Wallet },
      { to: "/o/$org/p/$project/limits", name: "Limits", icon: Gauge },
      { to: "/o/$org/p/$project/webhooks", name: "Webhooks", icon: BellRing },
    ],
  },
] as const;

const SETTINGS = { to: "/o/$org/p/$project/settings", name: "Settings", icon: Settings } as const;
const BILLING = { to: "/o/$org/p/$project/billing", name: "Billing", icon: CreditCard } as const;

interface NavigationProps {
  params: { org: string; project: string };
  onNavigate?: () => void;
}

export function Navigation({ params, onNavigate }: NavigationProps) {
  const { organization } = useProject();
  // Only where somebody is billed; that does not change while somebody looks.
  const billing = useQuery({
    ...billingQuery(organization.id),
    refetchInterval: false,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <nav className={styles["navigation"]} aria-label="Project">
      {GROUPS.map(({ title, pages }) => (
        <div key={title} className={styles["group"]}>
          <p className={styles["title"]}>{title}</p>
          <ul>
            {[...pages, ...(title === "Govern" ? [...(billing.data ? [BILLING] : []), SETTINGS] : [])].map(
              ({ to, name, icon: Icon }) => (
                <li key={to}>
                  <Link
                    to={to}
                    params={params}
                    className={styles["page"]}
                    {...(onNavigate ? { onClick: onNavigate } : {})}
                  >
                    <Icon size={16} aria-hidden />
                    {name}
                  </Link>
                </li>
              ),
            )}
          </ul>
        </div>
      ))}
    </nav>
  );
}
