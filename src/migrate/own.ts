/** What a table has under a key of the source, which may be any: `__proto__` or `constructor` too. */
export function own<Value>(
  table: Readonly<Record<string, Value>>,
  key: unknown,
): Value | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined
}
