/**
 * How messages to WebSocket clients are compressed (RFC 7692): not at all, each on its own, or with
 * what went before in mind, which takes that much memory for each connection.
 */
export const COMPRESSIONS = [
  'off',
  'shared',
  '4KB',
  '8KB',
  '16KB',
  '32KB',
  '64KB',
  '128KB',
  '256KB',
] as const

export type Compression = (typeof COMPRESSIONS)[number]
