/**
 * How messages to WebSocket clients are compressed (RFC 7692): not at all, each on its own, or with
 * so many bytes of what went before in mind.
 */
export const COMPRESSIONS = ['off', 'shared', '4KB', '8KB', '16KB', '32KB'] as const

export type Compression = (typeof COMPRESSIONS)[number]
