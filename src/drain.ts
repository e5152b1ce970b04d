import type { Clock } from './base/clock.ts'

/** How a router goes down, when calls may finish. */
export interface DrainOptions {
  /** Time that calls have to finish: ms. */
  readonly grace: number
  /** Sessions that are sent away in a second. Faster where that would take over half of `grace`. */
  readonly slice: number
  /** The service ends: clients get GOODBYE and stay away. Else they are to come back. */
  readonly final: boolean
}

/** A connection that is to go, as a drain sees it. */
export interface Leaver {
  /** Others may call it. */
  readonly isCallee: boolean
  /** It has calls running, made or to be answered, or has not yet got what was sent to it. */
  readonly isBusy: boolean
  /** From now on it makes no calls, but those that it needs to answer others. */
  finish(): void
  /** Sends it away; nothing happens where it goes already. */
  depart(final: boolean): void
}

/** How often the next sessions are sent away, and those looked at that still have calls. */
const TICK = 50

/**
 * Sends all clients away, some at a time, without cutting off a call that can finish. First those
 * that nobody calls, each when its calls are answered. Then callees, when no call is left: one that
 * is idle may be needed for the answer to a call that runs; after half of `grace` it goes all the
 * same. Sessions of the application, `inmates`, make no calls from then on. Resolves when all are
 * sent away: at the end of `grace` at the latest.
 */
export function drain(
  links: ReadonlySet<Leaver>,
  inmates: ReadonlySet<Pick<Leaver, 'finish'>>,
  clock: Clock,
  { grace, slice, final }: DrainOptions,
): Promise<void> {
  const start = clock.now()
  const all = [...links]
  const callers = all.filter(link => !link.isCallee)
  const callees = new Set(all.filter(link => link.isCallee))
  const perTick = Math.ceil((Math.max(slice, all.length / (grace / 2000)) * TICK) / 1000)
  /** Told to finish, and not away yet. */
  const finishing = new Set<Leaver>()
  let areCalleesFinishing = false

  /** Sends those away that have nothing left to do, up to `count`. */
  const release = (from: Set<Leaver>, count: number) => {
    let left = count
    for (const link of from) {
      if (links.has(link) && link.isBusy) continue
      if (left-- <= 0) return
      link.depart(final)
      from.delete(link)
    }
  }

  const step = (): boolean => {
    const passed = clock.now() - start
    if (passed >= grace) {
      for (const link of links) link.depart(final)
      return true
    }
    for (const link of callers.splice(0, perTick)) {
      link.finish()
      finishing.add(link)
    }
    release(finishing, Number.POSITIVE_INFINITY)
    const isLate = passed >= grace / 2
    if (callers.length > 0 || (finishing.size > 0 && !isLate)) return false
    if (!areCalleesFinishing) for (const one of [...callees, ...inmates]) one.finish()
    areCalleesFinishing = true
    const isCalm = ![...callees].some(link => links.has(link) && link.isBusy)
    if (isCalm || isLate) release(callees, perTick)
    return finishing.size === 0 && callees.size === 0
  }

  return new Promise(resolve => {
    const run = () => {
      if (step()) resolve()
      else clock.after(TICK, run)
    }
    run()
  })
}
