import type { Clock } from '../base/clock.ts'
import type { Peer } from '../delivery/outlet.ts'
import { TopicIndex } from '../match/topics.ts'
import type { Match } from '../match/uri.ts'
import { type Store, type StoredEvent, sizeOfEvent } from '../store/store.ts'
import { type Bounds, RETAINED_DEFAULTS } from './options.ts'
import { type Admits, audienceOf } from './scope.ts'

/**
 * What is retained for a topic. An event that not all may hear does not take the place of the
 * newest that all may: who may not hear the one gets the other (WAMP, "Event Retention").
 */
export interface Kept {
  readonly topic: string
  open: StoredEvent | undefined
  restricted: StoredEvent | undefined
  admits: Admits | null
}

/** The retained events of a realm. Where there are too many, the oldest go. */
export class RetainedEvents {
  readonly #store: Store
  readonly #clock: Clock
  #bounds: Required<Bounds>
  readonly #index = new TopicIndex<Kept>()
  /** By the time of the last change, the oldest first. */
  readonly #byAge = new Map<string, Kept>()
  #bytes = 0

  constructor(store: Store, clock: Clock, bounds: Bounds = {}) {
    this.#store = store
    this.#clock = clock
    this.#bounds = { ...RETAINED_DEFAULTS, ...bounds }
    for (const event of store.retained()) this.#add(event)
    this.#trim()
  }

  /** Sets other bounds: what does not keep within them goes. */
  limit(bounds: Bounds = {}): void {
    this.#bounds = { ...RETAINED_DEFAULTS, ...bounds }
    this.#trim()
  }

  /** Retains an event in place of the one before. */
  set(event: StoredEvent): void {
    const kept = this.#add(event)
    this.#store.retain(event.topic, eventsOf(kept))
    this.#trim()
  }

  /** What is retained for the topics that meet a pattern, in no order. */
  matching(match: Match, pattern: string): Kept[] {
    this.#trim()
    return this.#index.matching(match, pattern)
  }

  /** The newest event that a session may hear, of what is retained for a topic. */
  newest(kept: Kept, peer: Peer): StoredEvent | undefined {
    const { open, restricted, admits } = kept
    const event = restricted !== undefined && admits?.(peer) === true ? restricted : open
    return event !== undefined && event.time >= this.#oldest() ? event : undefined
  }

  /** Drops what is retained for the topics that meet a pattern; gives their number. */
  purge(match: Match, pattern: string): number {
    const met = this.#index.matching(match, pattern)
    for (const kept of met) this.#drop(kept)
    return met.length
  }

  #add(event: StoredEvent): Kept {
    const { topic } = event
    let kept = this.#byAge.get(topic)
    if (kept === undefined) {
      kept = { topic, open: undefined, restricted: undefined, admits: null }
      this.#index.set(topic, kept)
    } else this.#byAge.delete(topic)
    this.#byAge.set(topic, kept)
    this.#bytes -= sizeOf(kept)
    kept.admits = audienceOf(event.audience)
    kept.restricted = kept.admits === null ? undefined : event
    if (kept.admits === null) kept.open = event
    this.#bytes += sizeOf(kept)
    return kept
  }

  #trim(): void {
    const { limit, max_bytes } = this.#bounds
    for (const kept of this.#byAge.values()) {
      const within = this.#byAge.size <= limit && this.#bytes <= max_bytes
      if (within && newestOf(kept).time >= this.#oldest()) return
      this.#drop(kept)
    }
  }

  #oldest(): number {
    return this.#clock.now() - this.#bounds.max_age
  }

  #drop(kept: Kept): void {
    this.#byAge.delete(kept.topic)
    this.#index.delete(kept.topic)
    this.#bytes -= sizeOf(kept)
    this.#store.retain(kept.topic, [])
    kept.open = undefined
    kept.restricted = undefined
  }
}

/** Both events, the older first; or one. */
function eventsOf({ open, restricted }: Kept): StoredEvent[] {
  return [open, restricted].filter(event => event !== undefined)
}

function newestOf(kept: Kept): StoredEvent {
  return (kept.restricted ?? kept.open) as StoredEvent
}

function sizeOf(kept: Kept): number {
  return eventsOf(kept).reduce((sum, event) => sum + sizeOfEvent(event), 0)
}
