/**
 * How those that share a registration get its calls (WAMP, "Shared Registration"). Those with an
 * underscore are our own.
 */
export const INVOKES = [
  'single',
  'first',
  'last',
  'roundrobin',
  'random',
  '_least_pending',
  '_sticky',
] as const
/** Who gets a call of a shared registration. docs/rpc.md says what each does. */
export type Invoke = (typeof INVOKES)[number]
