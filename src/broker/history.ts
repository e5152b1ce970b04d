import type { Clock } from '../base/clock.ts'
import type { Peer } from '../delivery/outlet.ts'
import { type EventLog, type StoredEvent, sizeOfEvent } from '../store/store.ts'
import { type Bounds, HISTORY_DEFAULTS } from './options.ts'
import { audienceOf } from './scope.ts'

/** What is asked of a history. All bounds hold together; ids name positions, not numbers. */
export interface Query {
  /** The newest first. */
  readonly reverse: boolean
  /** The most events that the answer may have. */
  readonly limit: number
  /** Milliseconds since 1970, both included. */
  readonly from: number
  readonly until: number
  readonly topic: string | undefined
  /** From these publications on: the one itself, or what is behind it. */
  readonly fromPublication: number | undefined
  readonly afterPublication: number | undefined
  /** Up to these publications: without the one itself, or with it. */
  readonly beforePublication: number | undefined
  readonly untilPublication: number | undefined
}

/** What a history answers. */
export interface Page {
  readonly events: StoredEvent[]
  /** Nothing that was asked for has been dropped because of the history's bounds. */
  readonly complete: boolean
  /** The answer ended early, for it must fit into a message: the rest is to be asked for. */
  readonly more: boolean
}

/** Bytes of events in one answer, which has one event at least. */
const PAGE_BYTES = 1 << 18
/** What an event takes in an answer beside itself: the names of its facts, times, ids. */
const RECORD_BYTES = 100

/** Events that are looked at in one go. */
const AT_ONCE = 4

/** The positions from `first` to before `end`; `certain` is false where a bound is not there. */
interface Range {
  readonly first: number
  readonly end: number
  /** It begins at a publication that is there. */
  readonly anchored: boolean
  readonly certain: boolean
}

/** The events of one subscription, as far back as its bounds let them be (WAMP, "Event History"). */
export class History {
  readonly #log: EventLog
  readonly #clock: Clock
  readonly #bounds: Required<Bounds>

  constructor(log: EventLog, clock: Clock, bounds: Bounds) {
    this.#log = log
    this.#clock = clock
    this.#bounds = { ...HISTORY_DEFAULTS, ...bounds }
  }

  add(event: StoredEvent): void {
    this.#log.push(event)
    this.#trim()
  }

  /** The oldest event there is. */
  get first(): StoredEvent | undefined {
    this.#trim()
    return this.#isEmpty ? undefined : this.#log.at(this.#log.first)
  }

  /**
   * The events that a session may see of those that are asked for. It yields now and then, for a
   * history may be long; what is dropped meanwhile makes the page incomplete.
   */
  *read(query: Query, reader: Peer): Generator<void, Page> {
    this.#trim()
    const log = this.#log
    const range = yield* this.#range(query)
    const events: StoredEvent[] = []
    let bytes = 0
    let more = false
    let lost = false
    const [start, step] = query.reverse ? [range.end - 1, -1] : [range.first, 1]
    for (let at = start; at >= range.first && at < range.end; at += step) {
      if (events.length === query.limit) break
      if (at % AT_ONCE === 0) yield
      if (at < log.first) {
        lost = true
        if (query.reverse) break
        at = log.first - 1
        continue
      }
      const event = log.at(at)
      if (!meets(event, query) || audienceOf(event.audience)?.(reader) === false) continue
      bytes += sizeOfEvent(event) + RECORD_BYTES
      more = bytes > PAGE_BYTES && events.length > 0
      if (more) break
      events.push(event)
    }
    const filled = query.reverse && events.length === query.limit
    return { events, more, complete: !lost && this.#isComplete(query, range, filled) }
  }

  /** `filled`: the newest ones were asked for, and there are as many as wanted. */
  #isComplete(query: Query, range: Range, filled: boolean): boolean {
    const { dropped } = this.#log
    if (!range.certain) return false
    return dropped === undefined || range.anchored || filled || query.from > dropped
  }

  *#range(query: Query): Generator<void, Range> {
    const { fromPublication, afterPublication, beforePublication, untilPublication } = query
    const lower = [
      yield* this.#position(fromPublication),
      plusOne(yield* this.#position(afterPublication)),
    ]
    const upper = [
      yield* this.#position(beforePublication),
      plusOne(yield* this.#position(untilPublication)),
    ]
    const { first, next } = this.#log
    return {
      first: Math.max(first, ...lower.map(at => at ?? first)),
      end: Math.min(next, ...upper.map(at => at ?? next)),
      anchored: lower.some(at => at !== undefined && at > 0),
      certain: ![...lower, ...upper].includes(0),
    }
  }

  /**
   * Where a publication is, the newest looked at first; undefined where none is asked for. One that
   * is not there counts as dropped: it lies before all that are.
   */
  *#position(publication: number | undefined): Generator<void, number | undefined> {
    if (publication === undefined) return undefined
    for (let at = this.#log.next - 1; at >= this.#log.first; at--) {
      if (at % AT_ONCE === 0) {
        yield
        if (at < this.#log.first) break
      }
      if (this.#log.at(at).publication === publication) return at
    }
    return 0
  }

  get #isEmpty(): boolean {
    return this.#log.first === this.#log.next
  }

  #trim(): void {
    const log = this.#log
    const { limit, max_bytes, max_age } = this.#bounds
    while (log.next - log.first > limit || (log.bytes > max_bytes && !this.#isEmpty)) log.shift()
    if (max_age === Number.POSITIVE_INFINITY) return
    const oldest = this.#clock.now() - max_age
    while (!this.#isEmpty && log.at(log.first).time < oldest) log.shift()
  }
}

/** Zero stays: there is nothing behind a publication that is not there. */
function plusOne(position: number | undefined): number | undefined {
  return position ? position + 1 : position
}

function meets(event: StoredEvent, { from, until, topic }: Query): boolean {
  return event.time >= from && event.time <= until && (topic === undefined || event.topic === topic)
}
