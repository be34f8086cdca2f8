// All rate limits as the tree they hang on.
import { MoreHorizontal } from "lucide-react";
import type { Limit } from "@/api/types";
import { ScopeHeading } from "@/components/scope/scope-heading";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Menu, MenuDivider, MenuItem } from "@/components/ui/menu";
import { formatInteger } from "@/lib/format";
import { partWords, type ScopeNames } from "@/lib/scope";
import { groupByScope } from "@/lib/scope-tree";
import { formatDay, formatUtc } from "@/lib/time";
import { amountWords, metricLabel } from "../lib/metrics";
import styles from "./limits-table.module.css";

export interface LimitActions {
  onEdit: (limit: Limit) => void;
  onSetEnabled: (limit: Limit, enabled: boolean) => void;
  onDelete: (limit: Limit) => void;
}

interface LimitsTableProps {
  limits: readonly Limit[];
  names: ScopeNames;
  actions: LimitActions | null;
}

export function LimitsTable({ limits, names, actions }: LimitsTableProps) {
  const columns: Column<Limit>[] = [
    {
      id: "metric",
      header: "Limit",
      card: "lead",
      cell: (row) => <span className={styles["metric"]}>{metricLabel(row.metric)}</span>,
    },
    { id: "amount", header: "Amount", card: "wide", cell: amountWords },
    {
      id: "burst",
      header: "Burst",
      card: "labelled",
      cell: (row) => row.burst !== null && formatInteger(row.burst),
    },
    {
      id: "scope",
      header: "Only",
      cell: (row) => {
        const parts = partWords(row.scope, names);
        return parts.length > 0 ? parts.join(" · ") : <span className={styles["muted"]}>all calls</span>;
      },
    },
    {
      id: "state",
      header: "State",
      card: "end",
      cell: (row) =>
        row.status === "active" ? <Badge tone="ok">In force</Badge> : <Badge tone="idle">Disabled</Badge>,
    },
    {
      id: "created",
      header: "Created",
      card: "hidden",
      cell: (row) => <time title={formatUtc(row.created_at)}>{formatDay(row.created_at)}</time>,
    },
  ];
  if (actions) {
    columns.push({
      id: "actions",
      header: "Actions",
      headerHidden: true,
      align: "end",
      card: "end",
      cell: (row) => <RowMenu row={row} names={names} actions={actions} />,
    });
  }
  const groups = groupByScope(limits, names).map((group) => ({
    ...group,
    heading: <ScopeHeading kind={group.kind} name={group.name} />,
  }));
  return <DataTable label="Limits" columns={columns} groups={groups} rowKey={(row) => row.id} />;
}

interface RowMenuProps {
  row: Limit;
  names: ScopeNames;
  actions: LimitActions;
}

function RowMenu({ row, names, actions }: RowMenuProps) {
  const parts = partWords(row.scope, names).join(", ");
  const trigger = (
    <Button
      variant="quiet"
      size="small"
      className={styles["more"] ?? ""}
      aria-label={`Actions for ${metricLabel(row.metric)}, ${amountWords(row)}${parts && `, ${parts}`}`}
    >
      <MoreHorizontal size={16} aria-hidden />
    </Button>
  );
  const disabled = row.status === "disabled";
  return (
    <Menu trigger={trigger}>
      <MenuItem onSelect={() => actions.onEdit(row)}>Edit…</MenuItem>
      <MenuItem onSelect={() => actions.onSetEnabled(row, disabled)}>
        {disabled ? "Enable" : "Disable"}
      </MenuItem>
      <MenuDivider />
      <MenuItem tone="bad" onSelect={() => actions.onDelete(row)}>
        Delete…
      </MenuItem>
    </Menu>
  );
}
