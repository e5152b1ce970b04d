import type { Match } from '../match/uri.ts'
import type { Dict, Payload } from '../protocol/payload.ts'

/** A publication that is kept: retained for its topic, or in a history. */
export interface StoredEvent {
  readonly publication: number
  /** When the broker got it: milliseconds since 1970. */
  readonly time: number
  readonly topic: string
  /** What every receiver learns of it, the topic apart. */
  readonly details: Dict
  /** The lists of its PUBLISH that say who may hear it; without any, all may. */
  readonly audience: Dict
  /** Bytes of its own, or values: it stays. */
  readonly payload: Payload
}

/** Bytes that an event takes, by estimate: its payload, its topic, and what surrounds them. */
export function sizeOfEvent({ payload, topic }: StoredEvent): number {
  return payload.size + topic.length + 100
}

/** The events of one history, in the order received. Positions count from 1, without gaps. */
export interface EventLog {
  /** Position of the oldest event there is; `next` where there is none. */
  readonly first: number
  /** Position that the next event gets. */
  readonly next: number
  /** Sum of the sizes of the events. */
  readonly bytes: number
  /** Time of the newest event that was dropped; undefined while none was. */
  readonly dropped: number | undefined
  push(event: StoredEvent): void
  /** Drops the oldest event; there must be one. */
  shift(): void
  /** The event at a position from `first` to before `next`. */
  at(position: number): StoredEvent
}

/** Where the events of a realm are kept. What is written can be read at once. */
export interface Store {
  /** The log of a history: the same for the same pattern, and as it was left last time. */
  log(match: Match, uri: string): EventLog
  /** The retained events that were left last time, the oldest first. */
  retained(): StoredEvent[]
  /** What is retained for a topic from now on: up to two events, or none. */
  retain(topic: string, events: readonly StoredEvent[]): void
  /**
   * Resolves when all that has been written so far outlives the process, and rejects where it
   * cannot be kept; null where nothing is to be waited for.
   */
  lasting(): Promise<void> | null
  /** Resolves when everything is written and nothing is open. */
  close(): Promise<void>
}

/** A store that cannot be opened or written to. */
export class StoreError extends Error {
  override name = 'StoreError'

  constructor(path: string, text: string) {
    super(path === '' ? text : `store ${path}: ${text}`)
  }
}
