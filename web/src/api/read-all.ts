interface CursorPage<Row> {
  data: Row[];
  next_cursor: string | null;
}

/** Most rows of one page that the API gives. */
const LARGEST_PAGE = 200;

/** Every row of a list whose length the API bounds, page by page. */
export async function readAll<Row>(
  read: (query: { limit: number; cursor?: string }) => Promise<CursorPage<Row>>,
): Promise<Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page: CursorPage<Row> = await read({ limit: LARGEST_PAGE, ...(cursor ? { cursor } : {}) });
    rows.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  return rows;
}
