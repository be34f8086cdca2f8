/** Rows by name, both in the order in which they first appear. */
export function groupBy<Row, Name>(rows: readonly Row[], name: (row: Row) => Name): Map<Name, Row[]> {
  const groups = new Map<Name, Row[]>();
  for (const row of rows) {
    const group = groups.get(name(row));
    if (group) group.push(row);
    else groups.set(name(row), [row]);
  }
  return groups;
}
