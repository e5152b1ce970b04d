/**
 * How much sessions may have and do. A realm and each of its roles have all of these; a role has
 * what the realm says where it says nothing else. Sessions of this process have no limits.
 */
export interface Limits {
  /** Sessions at a time: of the realm or, in a role, of the role. */
  readonly sessions: number
  /** Sessions of the realm that have the same authid. */
  readonly sessions_per_authid: number
  /** Topics and patterns that somebody is subscribed to, in the realm. */
  readonly subscriptions: number
  readonly subscriptions_per_session: number
  /** Procedures and patterns that somebody has registered, in the realm. */
  readonly registrations: number
  readonly registrations_per_session: number
  /** Calls of a session that are not over. */
  readonly calls_per_session: number
  /** Characters of a URI or pattern. */
  readonly uri_length: number
  /** Components of a wildcard pattern. */
  readonly wildcard_components: number
  /** Bytes of args and kwargs of one message; 0: as large as messages may be. */
  readonly payload_size: number
  /** Messages a second from a session; 0: no limit. */
  readonly message_rate: number
  /** Bytes a second from a session; 0: no limit. */
  readonly byte_rate: number
  /** The time in whose messages and bytes a session may send all at once. Milliseconds. */
  readonly burst: number
}

export const LIMIT_DEFAULTS: Limits = {
  sessions: 100_000,
  sessions_per_authid: 10_000,
  subscriptions: 100_000,
  subscriptions_per_session: 10_000,
  registrations: 100_000,
  registrations_per_session: 10_000,
  calls_per_session: 10_000,
  uri_length: 1024,
  wildcard_components: 32,
  payload_size: 0,
  message_rate: 0,
  byte_rate: 0,
  burst: 10_000,
}

/** Those of sessions that are trusted: they count, and are never refused. */
export const UNLIMITED: Limits = {
  sessions: Infinity,
  sessions_per_authid: Infinity,
  subscriptions: Infinity,
  subscriptions_per_session: Infinity,
  registrations: Infinity,
  registrations_per_session: Infinity,
  calls_per_session: Infinity,
  uri_length: Infinity,
  wildcard_components: Infinity,
  payload_size: 0,
  message_rate: 0,
  byte_rate: 0,
  burst: 0,
}

/** Each message of a session has to be measured. */
export function isMetered({ payload_size, message_rate, byte_rate }: Limits): boolean {
  return payload_size > 0 || message_rate > 0 || byte_rate > 0
}
