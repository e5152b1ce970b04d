import type { Match } from '../match/uri.ts'

/** What a realm keeps of its publications, and how much. Absent keys have the defaults below. */
export interface PubSubOptions {
  /** Where retained events and histories are kept; `path` is the file of an lmdb store. */
  readonly store?: { readonly type?: 'memory' | 'lmdb'; readonly path?: string }
  /** Bounds of what is retained: topics, bytes, age in milliseconds. */
  readonly retained_events?: Bounds
  /** The topics and patterns that have a history. */
  readonly event_history?: readonly HistoryOptions[]
  /** Bounds of the testaments of one session: how many, and their bytes together. */
  readonly testaments?: { readonly limit?: number; readonly max_bytes?: number }
}

export interface Bounds {
  readonly limit?: number
  readonly max_bytes?: number
  /** Milliseconds; absent: no event is too old. */
  readonly max_age?: number
}

export interface HistoryOptions extends Bounds {
  readonly uri: string
  readonly match?: Match
}

const MIB = 1 << 20

export const RETAINED_DEFAULTS = { limit: 10_000, max_bytes: 64 * MIB, max_age: Infinity }
export const HISTORY_DEFAULTS = { limit: 1000, max_bytes: 64 * MIB, max_age: Infinity }
export const TESTAMENT_DEFAULTS = { limit: 16, max_bytes: 64 << 10 }
