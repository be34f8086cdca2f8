import { MoreHorizontal } from "lucide-react";
import type { Connection, Provider } from "@/api/types";
import { Badge, type Tone } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { type Column, DataTable } from "@/components/ui/data-table";
import { Menu, MenuDivider, MenuItem } from "@/components/ui/menu";
import { TimeAgo } from "@/components/ui/time-ago";
import styles from "./connections-table.module.css";

export interface ConnectionActions {
  onTest: (connection: Connection) => void;
  onReplaceCredential: (connection: Connection) => void;
  onSetEnabled: (connection: Connection, enabled: boolean) => void;
  onDelete: (connection: Connection) => void;
}

interface ConnectionsTableProps {
  connections: readonly Connection[];
  providers: readonly Provider[];
  testing: string | null;
  actions: ConnectionActions | null;
}

export function ConnectionsTable({ connections, providers, testing, actions }: ConnectionsTableProps) {
  const providerName = (id: string) => providers.find((provider) => provider.id === id)?.name ?? id;
  const columns: Column<Connection>[] = [
    {
      id: "name",
      header: "Name",
      card: "lead",
      cell: (row) => <span className={styles["name"]}>{row.slug}</span>,
    },
    { id: "provider", header: "Provider", cell: (row) => providerName(row.provider) },
    {
      id: "status",
      header: "Status",
      card: "end",
      cell: (row) => <Status row={row} testing={row.id === testing} />,
    },
    { id: "credential", header: "Credential", cell: (row) => <code>{row.credential_hint ?? "none"}</code> },
    {
      id: "base",
      header: "Base URL",
      cell: (row) => (
        <span className={styles["url"]} title={row.base_url}>
          {row.base_url}
        </span>
      ),
    },
    {
      id: "test",
      header: "Last test",
      card: "labelled",
      cell: (row) =>
        row.last_test ? <TimeAgo at={row.last_test.at} /> : <span className={styles["muted"]}>never</span>,
    },
  ];
  if (actions) {
    columns.push({
      id: "actions",
      header: "Actions",
      headerHidden: true,
      align: "end",
      card: "end",
      cell: (row) => <RowMenu row={row} actions={actions} />,
    });
  }
  return <DataTable label="Connections" columns={columns} rows={connections} rowKey={(row) => row.id} />;
}

function Status({ row, testing }: { row: Connection; testing: boolean }) {
  const [tone, word] = stateOf(row, testing);
  return (
    <Badge tone={tone} {...(row.last_test?.message ? { title: row.last_test.message } : {})}>
      {word}
    </Badge>
  );
}

function stateOf(row: Connection, testing: boolean): [Tone, string] {
  if (testing) return ["idle", "Testing…"];
  if (row.status === "disabled") return ["idle", "Disabled"];
  if (!row.last_test) return ["idle", "Not tested"];
  return row.last_test.ok ? ["ok", "Working"] : ["bad", "Test failed"];
}

function RowMenu({ row, actions }: { row: Connection; actions: ConnectionActions }) {
  const trigger = (
    <Button
      variant="quiet"
      size="small"
      className={styles["more"] ?? ""}
      aria-label={`Actions for ${row.slug}`}
    >
      <MoreHorizontal size={16} aria-hidden />
    </Button>
  );
  const disabled = row.status === "disabled";
  return (
    <Menu trigger={trigger}>
      <MenuItem onSelect={() => actions.onTest(row)}>Test</MenuItem>
      <MenuItem onSelect={() => actions.onReplaceCredential(row)}>Replace credential…</MenuItem>
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
