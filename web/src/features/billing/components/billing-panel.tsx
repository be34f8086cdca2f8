// The credit of an organization with every state it can be in, and the books behind it for those who may see them.
import { useQuery } from "@tanstack/react-query";
import { Card } from "@/components/ui/card";
import { EmptyState } from "@/components/ui/empty-state";
import { ErrorState } from "@/components/ui/error-state";
import { SkeletonBlock } from "@/components/ui/skeleton";
import { Tabs } from "@/components/ui/tabs";
import type { CurrentProject } from "@/hooks/use-project";
import { billingQuery } from "../api/get-billing";
import type { BillingSearch, BillingTab } from "../lib/billing-search";
import { AddCreditDialog } from "./add-credit-dialog";
import { BalanceTotals } from "./balance-totals";
import styles from "./billing-panel.module.css";
import { CreditsList } from "./credits-list";
import { LedgerList } from "./ledger-list";
import { StatementView } from "./statement-view";
import { TopUpsList } from "./top-ups-list";

interface BillingPanelProps {
  current: CurrentProject;
  /** Whether the reader may see ledger, top-ups and statements. */
  maySeeLedger: boolean;
  adding: boolean;
  onAddingChange: (adding: boolean) => void;
  search: BillingSearch;
  onSearch: (search: BillingSearch) => void;
}

export function BillingPanel(props: BillingPanelProps) {
  const { current, maySeeLedger, adding, onAddingChange, search, onSearch } = props;
  const organization = current.organization.id;
  const billing = useQuery(billingQuery(organization));
  if (billing.data) {
    const credits = {
      id: "credits",
      label: "Credits",
      content: <CreditsList organization={organization} />,
    };
    const books = [
      { id: "ledger", label: "Ledger", content: <LedgerList organization={organization} /> },
      credits,
      { id: "top-ups", label: "Top-ups", content: <TopUpsList organization={organization} /> },
      {
        id: "statements",
        label: "Statements",
        content: (
          <StatementView
            current={current}
            period={search.period}
            onPeriod={(period) => onSearch({ ...search, period })}
          />
        ),
      },
    ];
    const tabs = maySeeLedger ? books : [credits];
    const shown = tabs.find(({ id }) => id === search.tab) ?? tabs[0];
    return (
      <div className={styles["page"]}>
        <BalanceTotals billing={billing.data} />
        <Tabs
          label="Books"
          tabs={tabs}
          value={shown?.id ?? "credits"}
          onChange={(tab) => onSearch({ ...search, tab: tab as BillingTab })}
        />
        {adding && <AddCreditDialog organization={organization} onClose={() => onAddingChange(false)} />}
      </div>
    );
  }
  return (
    <Card flush>
      {billing.isPending && <SkeletonBlock height={104} label="Loading the balance" />}
      {billing.isError && (
        <ErrorState
          error={billing.error}
          title="The balance could not be loaded."
          onRetry={() => billing.refetch()}
        />
      )}
      {billing.data === null && (
        <EmptyState title="Nobody is billed here">
          This deployment bills nobody for calls. What they cost is under Usage, and budgets limit it.
        </EmptyState>
      )}
    </Card>
  );
}
