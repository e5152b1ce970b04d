import { type Filter, filterOf } from './filter.ts'
import type { Line, MessageLine } from './line.ts'
import type { Secrets } from './secrets.ts'
import { type Look, type Seen, show } from './show.ts'

/** What somebody who traces asks for. */
export interface TraceOptions extends Filter, Look {
  /** Lines a second. */
  readonly rate: number
  /** Lines in all. */
  readonly limit?: number
  /** Milliseconds. */
  readonly duration?: number
}

/** Why the router ends a trace. */
export type TraceEnd = Extract<Line, { kind: 'ended' }>['why']

/** What may wait for the reader of a trace: lines, and characters in them. */
const MAX_LINES = 2000
const MAX_CHARACTERS = 8 << 20

/**
 * The messages that one reader asked for. What it does not read in time is left out, and counted:
 * nobody waits for it.
 */
export class Trace {
  readonly passes: (seen: Seen) => boolean
  readonly #options: TraceOptions
  readonly #now: () => number
  #waiting: Line[] = []
  #characters = 0
  #wake: () => void = () => {}
  #isOver = false
  /** Lines since the start, and of this second. */
  #lines = 0
  #second = 0
  #ofSecond = 0
  /** Lines that are missing and not told of yet, by why; and all that were. */
  readonly #missing = { rate: 0, reader: 0 }
  #dropped = 0

  /** `now` gives milliseconds since 1970. Throws WampError where the filter is none. */
  constructor(options: TraceOptions, now: () => number) {
    this.passes = filterOf(options)
    this.#options = options
    this.#now = now
    this.#put({ kind: 'started', time: now() })
  }

  /** What came of it. */
  get sum(): { lines: number; dropped: number } {
    return { lines: this.#lines, dropped: this.#dropped }
  }

  /** Takes a message that passes. True where it was the last one that was asked for. */
  take(seen: Seen, secrets: Secrets): boolean {
    const { time } = seen
    const why = this.#whyNot(time)
    if (why !== undefined) {
      this.#missing[why]++
      this.#dropped++
      return false
    }
    this.#tellAllMissing(time)
    this.#put(show(seen, this.#options, secrets))
    this.#ofSecond++
    this.#lines++
    return this.#lines === this.#options.limit
  }

  /** Tells the reader that it goes on, where it would hear nothing else. */
  beat(): void {
    const time = this.#now()
    this.#tellAllMissing(time)
    if (this.#waiting.length === 0) this.#put({ kind: 'alive', time })
  }

  end(why: TraceEnd): void {
    if (this.#isOver) return
    const time = this.#now()
    this.#tellAllMissing(time)
    this.#put({ kind: 'ended', time, why })
    this.stop()
  }

  /** Nobody reads any more, or what waits is all that is to be read. */
  stop(): void {
    this.#isOver = true
    this.#wake()
  }

  /** Its lines, until it has ended. */
  async *lines(): AsyncGenerator<Line> {
    for (;;) {
      const lines = this.#waiting
      this.#waiting = []
      this.#characters = 0
      yield* lines
      this.#tellMissing('reader', this.#now())
      if (this.#waiting.length > 0) continue
      if (this.#isOver) return
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  #whyNot(time: number): 'rate' | 'reader' | undefined {
    if (time - this.#second >= 1000) {
      this.#second = time
      this.#ofSecond = 0
    }
    if (this.#ofSecond >= this.#options.rate) return 'rate'
    const isFull = this.#waiting.length >= MAX_LINES || this.#characters >= MAX_CHARACTERS
    return isFull ? 'reader' : undefined
  }

  #tellAllMissing(time: number): void {
    this.#tellMissing('rate', time)
    this.#tellMissing('reader', time)
  }

  #tellMissing(why: 'rate' | 'reader', time: number): void {
    const lines = this.#missing[why]
    this.#missing[why] = 0
    if (lines > 0) this.#put({ kind: 'dropped', time, lines, why })
  }

  #put(line: Line): void {
    this.#waiting.push(line)
    if (line.kind === 'message') this.#characters += sizeOf(line)
    this.#wake()
  }
}

/** Of refused messages also names may be as long as a message. */
function sizeOf({ details = '', args = '', kwargs = '', ...names }: MessageLine): number {
  const { uri = '', reason = '', realm = '', authid = '' } = names
  const texts = [details, args, kwargs, uri, reason, realm, authid]
  return texts.reduce((size, text) => size + text.length, 0)
}
