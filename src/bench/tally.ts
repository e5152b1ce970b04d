import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** The longest latency that is told apart: µs. Longer ones count as this. */
const LONGEST = 600_000_000

/** What is counted of a load. Times are µs of one clock, of this process. */
export class Tally {
  /** Latencies of what was due in the measured time: µs. */
  readonly latency: RecordableHistogram = histogram()
  /** How much later than due things were sent: µs. What the client adds by itself. */
  readonly lateness: RecordableHistogram = histogram()
  /** Calls or publications that were sent. */
  sent = 0
  /** Results or events that are to come for what was sent. */
  expected = 0
  /** Those that came, without duplicates. */
  arrived = 0
  /** Those that came within the measured time. */
  arrivedInTime = 0
  duplicates = 0
  /** Events that came after a later one of the same publisher. */
  disordered = 0
  /** Calls that ended with ERROR. */
  errors = 0
  /** The URI of the first of them. */
  firstError: string | undefined
  /** Payloads that are not as sent. */
  wrong = 0
  /** Calls or publications that were due but not sent, as the router took no more bytes. */
  unsent = 0
  /** The measured time: µs. */
  from = Infinity
  to = Infinity

  /** Something that was due then has come for the first time. */
  arrive(due: number, now: number): void {
    this.arrived++
    if (now >= this.from && now < this.to) this.arrivedInTime++
    if (this.isMeasured(due)) record(this.latency, now - due)
  }

  send(due: number, now: number, expected: number): void {
    this.sent++
    this.expected += expected
    if (this.isMeasured(due)) record(this.lateness, now - due)
  }

  /** Left out, those that waited longest would make the figures better. */
  skip(due: number, now: number): void {
    this.unsent++
    if (this.isMeasured(due)) record(this.latency, now - due)
  }

  get lost(): number {
    return this.expected - this.arrived - this.errors
  }

  /** Everything that was sent has come once, in order and as sent. */
  get isSound(): boolean {
    const { lost, duplicates, disordered, errors, wrong } = this
    return lost + duplicates + disordered + errors + wrong === 0
  }

  private isMeasured(due: number): boolean {
    return due >= this.from && due < this.to
  }
}

function histogram(): RecordableHistogram {
  return createHistogram({ lowest: 1, highest: LONGEST, figures: 3 })
}

function record(to: RecordableHistogram, time: number): void {
  to.record(Math.min(LONGEST, Math.max(1, Math.round(time))))
}

/** Gaps that are remembered, for each subscriber: what fills an older one counts as a duplicate. */
const GAPS = 1000

/** The numbered events of one publisher, as one subscriber sees them. */
export class Sequence {
  #next = 1
  readonly #missing = new Set<number>()

  /** What the coming of a number means. Numbers go from 1 to what has been sent. */
  see(number: number): 'in order' | 'late' | 'duplicate' {
    if (number < this.#next) return this.#missing.delete(number) ? 'late' : 'duplicate'
    for (let gap = Math.max(this.#next, number - GAPS); gap < number; gap++) {
      this.#missing.add(gap)
      if (this.#missing.size > GAPS) this.#missing.delete(first(this.#missing))
    }
    this.#next = number + 1
    return 'in order'
  }
}

function first(set: Set<number>): number {
  for (const item of set) return item
  return 0
}
