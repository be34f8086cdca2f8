// The one table, plain or in groups with headings. On narrow screens each row becomes a two-line card in the same reading and keyboard order; the roles
// are spelled out because changing `display` would otherwise take the table away from screen readers.
import type { CSSProperties, ReactNode } from "react";
import styles from "./data-table.module.css";

export interface Column<Row> {
  id: string;
  header: string;
  cell: (row: Row) => ReactNode;
  align?: "start" | "end";
  /** Where the cell goes on a narrow screen: first line, its end, the second line with or without its header, or a
   * line of its own. */
  card?: "lead" | "end" | "meta" | "labelled" | "wide" | "hidden";
  headerHidden?: boolean;
  /** Takes the width that is left and cuts what does not fit. */
  grow?: boolean;
}

export interface RowGroup<Row> {
  id: string;
  heading: ReactNode;
  /** How far it is set in. */
  depth: number;
  rows: readonly Row[];
}

interface DataTableProps<Row> {
  label: string;
  columns: readonly Column<Row>[];
  rowKey: (row: Row) => string;
  selected?: string | undefined;
  /** Fades rows that are being replaced. */
  stale?: boolean;
}

type DataTableRows<Row> =
  | { rows: readonly Row[]; groups?: never }
  | { groups: readonly RowGroup<Row>[]; rows?: never };

export function DataTable<Row>({
  label,
  columns,
  rows,
  groups,
  rowKey,
  selected,
  stale = false,
}: DataTableProps<Row> & DataTableRows<Row>) {
  const body = { columns, rowKey, selected };
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
        {rows && (
          <tbody role="rowgroup">
            <Rows {...body} rows={rows} />
          </tbody>
        )}
        {groups?.map(({ id, heading, depth, rows: inside }) => (
          <tbody key={id} role="rowgroup" className={styles["group"]} style={indent(depth)}>
            <tr role="row" className={styles["heading"]}>
              <th scope="rowgroup" role="rowheader" colSpan={columns.length}>
                {heading}
              </th>
            </tr>
            <Rows {...body} rows={inside} />
          </tbody>
        ))}
      </table>
    </div>
  );
}

function indent(depth: number): CSSProperties {
  return { "--depth": depth } as CSSProperties;
}

interface RowsProps<Row> {
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  selected: string | undefined;
}

function Rows<Row>({ columns, rows, rowKey, selected }: RowsProps<Row>) {
  return rows.map((row) => {
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
  });
}

function cellClass<Row>({ align = "start", card = "meta", grow = false }: Column<Row>): string {
  return `${styles[align]} ${styles[`card-${card}`]} ${grow ? styles["grow"] : ""}`;
}
