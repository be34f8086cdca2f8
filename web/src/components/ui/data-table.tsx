// The one table. On narrow screens each row becomes a two-line card in the same reading and keyboard order; the roles
// are spelled out because changing `display` would otherwise take the table away from screen readers.
import type { ReactNode } from "react";
import styles from "./data-table.module.css";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  align?: "start" | "end";
  /** Where the cell goes on a narrow screen: first line, its end, or the second line with or without its header. */
  card?: "lead" | "end" | "meta" | "labelled" | "hidden";
  headerHidden?: boolean;
  /** Takes the width that is left and cuts what does not fit. */
  grow?: boolean;
}

interface DataTableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  selected?: string | undefined;
  /** Fades rows that are being replaced. */
  stale?: boolean;
}

export function DataTable<Row>({
  label,
  columns,
  rows,
  rowKey,
  selected,
  stale = false,
}: DataTableProps<Row>) {
  return (
    <div className={styles["scroll"]}>
      <table className={`${styles["table"]} ${stale ? styles["stale"] : ""}`} aria-label={label} role="table">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                role="columnheader"
                className={`${styles[column.align ?? "start"]} ${column.grow ? styles["grow"] : ""}`}
              >
                {column.headerHidden ? (
                  <span className="visually-hidden">{column.header}</span>
                ) : (
                  column.header
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {rows.map((row) => {
            const key = rowKey(row);
            return (
              <tr key={key} role="row" data-selected={key === selected || undefined}>
                {columns.map((column) => (
                  <td key={column.id} role="cell" className={cellClass(column)} data-label={column.header}>
                    {column.cell(row)}
                  </td>
                ))}
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}

function cellClass<Row>({ align = "start", card = "meta", grow = false }: Column<Row>): string {
  return `${styles[align]} ${styles[`card-${card}`]} ${grow ? styles["grow"] : ""}`;
}
