import type { Clock } from '../base/clock.ts'
import { FanOuts, type Job } from '../delivery/fanout.ts'
import type { Peer } from '../delivery/outlet.ts'
import { LIMIT_EXCEEDED, WampError } from '../protocol/errors.ts'
import type { Page } from './history.ts'

type Reading = Generator<void, Page>

/** Steps of a read that are done at once, if no other one of the session waits. */
const AT_ONCE = 16
/** Reads of one session that may wait. */
const MAX_READS = 100
/** A millisecond of work counts for so many deliveries: twice as many as it has time for. */
const PER_MS = 20_000

/**
 * The reads of histories. One that has little to look at is done at once. Others take turns with
 * those of other sessions and with all else that the router does; those of one session come one
 * after another, so that it has one page in the making.
 */
export class HistoryReads {
  readonly #turns: FanOuts
  readonly #waiting = new Map<Peer, number>()

  constructor(clock: Clock) {
    this.#turns = new FanOuts(clock)
  }

  /** `isHere` is asked before each part. Throws WampError where too many wait. */
  read(reader: Peer, reading: Reading, isHere: () => boolean): Page | Promise<Page> {
    const others = this.#waiting.get(reader) ?? 0
    if (others >= MAX_READS) {
      throw new WampError(LIMIT_EXCEEDED, [`${MAX_READS} reads of histories wait already`])
    }
    for (let i = 0; others === 0 && i < AT_ONCE; i++) {
      const { done, value } = reading.next()
      if (done) return value
    }
    this.#waiting.set(reader, others + 1)
    const page = new Promise<Page>((resolve, reject) => {
      this.#turns.later(reader, new Read(reading, isHere, { resolve, reject }))
    })
    return page.finally(() => this.#over(reader))
  }

  #over(reader: Peer): void {
    const left = (this.#waiting.get(reader) as number) - 1
    if (left === 0) this.#waiting.delete(reader)
    else this.#waiting.set(reader, left)
  }
}

/** For a session that has left: nobody sees it. */
const NOTHING: Page = { events: [], complete: false, more: false }

/** Who waits for a page. */
interface Settle {
  resolve(page: Page): void
  reject(error: unknown): void
}

class Read implements Job {
  readonly bytes = 0
  isOver = false
  readonly #reading: Reading
  readonly #isHere: () => boolean
  readonly #settle: Settle

  constructor(reading: Reading, isHere: () => boolean, settle: Settle) {
    this.#reading = reading
    this.#isHere = isHere
    this.#settle = settle
  }

  run(most: number): number {
    const begun = performance.now()
    const until = begun + most / PER_MS
    try {
      if (this.#isHere()) this.#goOn(until)
      else this.#end(NOTHING)
    } catch (error) {
      this.isOver = true
      this.#settle.reject(error)
    }
    return Math.ceil((performance.now() - begun) * PER_MS)
  }

  #goOn(until: number): void {
    do {
      const { done, value } = this.#reading.next()
      if (done) {
        this.#end(value)
        return
      }
    } while (performance.now() < until)
  }

  #end(page: Page): void {
    this.isOver = true
    this.#settle.resolve(page)
  }
}
