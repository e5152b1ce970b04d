import type { Clock } from './base/clock.ts'
import type { Farewell, Link } from './session/link.ts'

export interface DrainOptions extends Farewell {
  /** Time that calls have to finish: ms. */
  readonly grace: number
  /** Sessions that are sent away in a second. Faster where that would take over half of `grace`. */
  readonly slice: number
}

/** How often the next sessions are sent away, and those looked at that still have calls. */
const TICK = 50

/**
 * Sends all clients away, some at a time. One that has calls running, made or to be answered, goes
 * when they have ended, but makes no new ones; those that others call go last. Resolves when all
 * are on their way, or `grace` is over: then the rest is sent away as it is.
 */
export function drain(
  links: ReadonlySet<Link>,
  clock: Clock,
  options: DrainOptions,
): Promise<void> {
  const waiting = [...links].sort((a, b) => Number(a.isCallee) - Number(b.isCallee))
  const slice = Math.ceil(
    (Math.max(options.slice, waiting.length / (options.grace / 2000)) * TICK) / 1000,
  )
  const leaving = new Set<Link>()
  const end = clock.now() + options.grace
  return new Promise(resolve => {
    const step = () => {
      const isOver = clock.now() >= end
      for (const link of waiting.splice(0, isOver ? waiting.length : slice)) leaving.add(link)
      for (const link of leaving) {
        if (!links.has(link) || link.depart(options)) leaving.delete(link)
        else if (isOver) link.farewell(1012, 'the router restarts')
      }
      if (isOver || (waiting.length === 0 && leaving.size === 0)) resolve()
      else clock.after(TICK, step)
    }
    step()
  })
}
