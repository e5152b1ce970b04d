import Type, { type TObject, type TProperties, type TSchema } from 'typebox'

/** The most rows of one answer. */
export const MAX_ROWS = 1000

/** Parameters of those answers that come in pages, beside their own. */
export function paged<Own extends TProperties>(own: Own) {
  return Type.Object({
    ...own,
    offset: Type.Integer({ minimum: 0, default: 0, description: 'Rows to leave out.' }),
    limit: Type.Integer({
      minimum: 1,
      maximum: MAX_ROWS,
      default: 100,
      description: 'Rows to give at most.',
    }),
  })
}

/** One page of rows, and how many there are in all. */
export function pageOf<Row extends TSchema>(row: Row): TObject<PageOf<Row>> {
  return Type.Object({
    total: Type.Integer({ description: 'Rows in all that are asked for.' }),
    rows: Type.Array(row),
  })
}
type PageOf<Row extends TSchema> = { total: Type.TInteger; rows: Type.TArray<Row> }

/** The rows of a page; only for those is `describe` called. */
export function page<Item, Row>(
  items: Iterable<Item>,
  { offset, limit }: { offset: number; limit: number },
  describe: (item: Item) => Row,
): { total: number; rows: Row[] } {
  const rows: Row[] = []
  let total = 0
  for (const item of items) {
    if (total >= offset && rows.length < limit) rows.push(describe(item))
    total++
  }
  return { total, rows }
}

/** Those that a search text is found in, in upper or lower case; all without one. */
export function* found<Item>(
  items: Iterable<Item>,
  search: string | undefined,
  texts: (item: Item) => readonly string[],
): Iterable<Item> {
  const wanted = search?.toLowerCase() ?? ''
  for (const item of items) {
    if (wanted === '' || texts(item).some(text => text.toLowerCase().includes(wanted))) yield item
  }
}
