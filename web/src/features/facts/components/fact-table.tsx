import { Badge } from "@/components/ui/badge";
import { type Column, DataTable } from "@/components/ui/data-table";
import { type FactRow, linkOf } from "../lib/fact-words";
import styles from "./fact-table.module.css";

const COLUMNS: readonly Column<FactRow>[] = [
  { id: "fact", header: "Fact", card: "lead", cell: (row) => row.label },
  {
    id: "value",
    header: "Value",
    card: "end",
    cell: ({ known }) =>
      known ? <span className={styles["value"]}>{known.text}</span> : <Badge tone="idle">Not known</Badge>,
  },
  {
    id: "source",
    header: "Evidence",
    card: "wide",
    grow: true,
    cell: ({ known }) => known && <Source source={known.source} isStated={known.isStated} />,
  },
  { id: "as-of", header: "As of", card: "labelled", cell: ({ known }) => known?.asOf },
];

export function FactTable({ rows, label }: { rows: readonly FactRow[]; label: string }) {
  return <DataTable label={label} columns={COLUMNS} rows={rows} rowKey={({ name }) => name} />;
}

function Source({ source, isStated }: { source: string; isStated: boolean }) {
  const link = linkOf(source);
  return (
    <span className={styles["source"]}>
      {isStated && <span className={styles["own"]}>You state: </span>}
      {link ? (
        <a href={link} target="_blank" rel="noreferrer">
          {link.replace("https://", "")}
        </a>
      ) : (
        source
      )}
    </span>
  );
}
