import type { Match } from '../match/uri.ts'
import { type EventLog, type Store, type StoredEvent, sizeOfEvent } from './store.ts'

/** A store that lasts as long as the router. */
export class MemoryStore implements Store {
  readonly #logs = new Map<string, EventLog>()

  log(match: Match, uri: string): EventLog {
    const key = `${match} ${uri}`
    const log = this.#logs.get(key) ?? new MemoryLog()
    this.#logs.set(key, log)
    return log
  }

  retained(): StoredEvent[] {
    return []
  }

  /** Who retains has them in memory already. */
  retain(): void {}

  lasting(): null {
    return null
  }

  async close(): Promise<void> {}
}

class MemoryLog implements EventLog {
  first = 1
  bytes = 0
  dropped: number | undefined = undefined
  #events: (StoredEvent | undefined)[] = []
  /** Position of #events[0]. Dropped events leave holes at the front for a while. */
  #base = 1

  get next(): number {
    return this.#base + this.#events.length
  }

  push(event: StoredEvent): void {
    this.#events.push(event)
    this.bytes += sizeOfEvent(event)
  }

  shift(): void {
    const event = this.at(this.first)
    this.bytes -= sizeOfEvent(event)
    this.dropped = event.time
    this.#events[this.first - this.#base] = undefined
    this.first++
    // Half of it is holes: to move the rest costs no more than what has been dropped.
    if ((this.first - this.#base) * 2 > this.#events.length) {
      this.#events = this.#events.slice(this.first - this.#base)
      this.#base = this.first
    }
  }

  at(position: number): StoredEvent {
    return this.#events[position - this.#base] as StoredEvent
  }
}
