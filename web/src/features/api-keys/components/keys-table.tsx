import { MoreHorizontal } from "lucide-react";
import type { ReactNode } from "react";
import type { Key } from "@/api/types";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Menu, MenuDivider, MenuItem } from "@/components/ui/menu";
import { TimeAgo } from "@/components/ui/time-ago";
import { useNow } from "@/hooks/use-now";
import { formatDay, formatUtc } from "@/lib/time";
import { keyState } from "../lib/key-status";
import { type KeyRow, keyRows } from "../lib/key-tree";
import styles from "./keys-table.module.css";

export interface KeyActions {
  onDerive: (key: Key) => void;
  onRotate: (key: Key) => void;
  onSetEnabled: (key: Key, enabled: boolean) => void;
  onRevoke: (key: Key) => void;
}

interface KeysTableProps {
  keys: readonly Key[];
  actions: KeyActions | null;
  budgetOf: ((key: string) => ReactNode) | null;
}

export function KeysTable({ keys, actions, budgetOf }: KeysTableProps) {
  const now = useNow(30_000);
  const possible: (Column<KeyRow> | null | false)[] = [
    {
      id: "name",
      header: "Name",
      card: "lead",
      cell: (row) => <Name row={row} />,
    },
    { id: "status", header: "Status", card: "end", cell: ({ key }) => <Status row={key} now={now} /> },
    budgetOf && { id: "budget", header: "Budget", card: "wide", cell: ({ key }) => budgetOf(key.id) },
    { id: "models", header: "Models", cell: ({ key }) => <Models names={key.allowed_models} /> },
    {
      id: "used",
      header: "Last used",
      card: "labelled",
      cell: ({ key }) =>
        key.last_used_at ? <TimeAgo at={key.last_used_at} /> : <span className={styles["muted"]}>never</span>,
    },
    // A budget says more than a date, and there is room for one of them.
    !budgetOf && {
      id: "created",
      header: "Created",
      card: "hidden",
      cell: ({ key }) => <time title={formatUtc(key.created_at)}>{formatDay(key.created_at)}</time>,
    },
  ];
  const columns = possible.filter((column): column is Column<KeyRow> => Boolean(column));
  if (actions) {
    columns.push({
      id: "actions",
      header: "Actions",
      headerHidden: true,
      align: "end",
      card: "end",
      cell: ({ key }) => <RowMenu row={key} actions={actions} />,
    });
  }
  return <DataTable label="Keys" columns={columns} rows={keyRows(keys)} rowKey={({ key }) => key.id} />;
}

function Name({ row: { key, depth, parent } }: { row: KeyRow }) {
  return (
    <span className={styles["stacked"]} style={{ paddingLeft: `${depth * 1.25}rem` }}>
      <span className={styles["name"]}>{key.name}</span> <code className={styles["hint"]}>{key.hint}</code>
      {/* Who sees the rows sees what stands below what. */}{" "}
      {parent && <span className="visually-hidden">derives from {parent.name}</span>}
      {key.parent && !parent && <span className={styles["note"]}>derives from {key.parent}</span>}
    </span>
  );
}

function Status({ row, now }: { row: Key; now: number }) {
  const { tone, word, note } = keyState(row, now);
  return (
    <span className={styles["status"]}>
      <Badge tone={tone}>{word}</Badge>
      {note && <span className={styles["note"]}>{note}</span>}
    </span>
  );
}

function Models({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <span className={styles["muted"]}>all models</span>;
  const [first, ...rest] = names;
  return (
    <span title={names.join("\n")}>
      <span className="mono">{first}</span>
      {rest.length > 0 && <span className={styles["muted"]}> +{rest.length}</span>}
    </span>
  );
}

function RowMenu({ row, actions }: { row: Key; actions: KeyActions }) {
  const trigger = (
    <Button
      variant="quiet"
      size="small"
      className={styles["more"] ?? ""}
      aria-label={`Actions for ${row.name}`}
    >
      <MoreHorizontal size={16} aria-hidden />
    </Button>
  );
  const disabled = row.status === "disabled";
  return (
    <Menu trigger={trigger}>
      <MenuItem onSelect={() => actions.onDerive(row)}>Derive…</MenuItem>
      <MenuItem onSelect={() => actions.onRotate(row)}>Rotate…</MenuItem>
      <MenuItem onSelect={() => actions.onSetEnabled(row, disabled)}>
        {disabled ? "Enable" : "Disable"}
      </MenuItem>
      <MenuDivider />
      <MenuItem tone="bad" onSelect={() => actions.onRevoke(row)}>
        Revoke…
      </MenuItem>
    </Menu>
  );
}
