import { setTimeout as pause } from 'node:timers/promises'
import type { Api } from '../../admin/client.ts'
import { type Figures, figuresOf, isAnother, sampleOf } from './sample.ts'
import type { Sort } from './sorts.ts'
import { linesOf, shortHeading, shortLine } from './text.ts'

export interface Printing {
  /** Seconds. */
  readonly interval: number
  readonly sort: Sort
  /** All of one interval; else a line for each, without end. */
  readonly once: boolean
  readonly json?: boolean
}

/** Writes figures on standard output. Rejects with a ControlError when the router is gone. */
export async function print(api: Api, { interval, sort, once, json }: Printing): Promise<void> {
  let heading = once || json ? '' : `${shortHeading}\n`
  for await (const figures of figuresEach(api, interval)) {
    const whole = () => linesOf(figures, { sort, width: ENDLESS, height: ENDLESS })
    const text = json
      ? JSON.stringify(figures)
      : once
        ? whole()
            .map(line => line.text)
            .join('\n')
        : shortLine(figures)
    process.stdout.write(`${heading}${text}\n`)
    heading = ''
    // Whoever read it may be gone.
    if (once || process.stdout.destroyed) return
  }
}

const ENDLESS = Number.POSITIVE_INFINITY

async function* figuresEach(api: Api, interval: number): AsyncGenerator<Figures> {
  let before = await sampleOf(api)
  let first = before
  for (;;) {
    await pause(interval * 1000)
    const after = await sampleOf(api)
    if (isAnother(before, after)) first = after
    else yield figuresOf(before, after, first)
    before = after
  }
}
