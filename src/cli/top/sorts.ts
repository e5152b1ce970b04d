/** What realms are ordered by: the key that is pressed for it, and the column. */
export const SORTS = {
  s: 'sessions',
  u: 'subscriptions',
  r: 'registrations',
  c: 'calls',
  x: 'refused',
  n: 'name',
} as const
export type Sort = (typeof SORTS)[keyof typeof SORTS]

/** The keys and columns, for people. */
export function sortsText(): string {
  return Object.entries(SORTS)
    .map(([key, column]) => `${key} (${column})`)
    .join(', ')
}
