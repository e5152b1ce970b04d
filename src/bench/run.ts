import type { RecordableHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { cpuSeconds } from './cpu.ts'
import { type Load, now, prepare, type Scenario, type Shape, type Source } from './loads.ts'
import type { Target } from './session.ts'
import { Tally } from './tally.ts'

/** What is measured. Exactly one of rate and window is given. */
export interface Plan {
  readonly scenario: Scenario
  readonly shape: Shape
  /** Calls or publications a second, all sources together: they are sent when due, whatever comes back. */
  readonly rate?: number
  /** Calls or publications that each source keeps in flight: the next is sent when one is done. */
  readonly window?: number
  /** Before the measured time, so that both sides are compiled: s. */
  readonly warmup: number
  readonly seconds: number
}

/** What goes on beside it. */
export interface Beside {
  /** The router's process, if it runs here. */
  readonly pid: number | undefined
  /** Hears how far it is, from 0 to 1. */
  tell(done: number): void
}

/** Latencies in µs; shares are of one core. */
export interface Figures {
  readonly latency: Percentiles
  readonly sent: number
  readonly arrived: number
  /** Results or events a second. */
  readonly throughput: number
  readonly lost: number
  readonly duplicates: number
  readonly disordered: number
  readonly errors: number
  readonly first_error?: string
  readonly wrong: number
  readonly unsent: number
  readonly router_cpu?: { readonly us_per_message: number; readonly share: number }
  readonly client: { readonly share: number; readonly late_p99: number; readonly late_max: number }
  /** Everything that was sent has come, once, in order and as sent. */
  readonly sound: boolean
}

export interface Percentiles {
  readonly p50: number
  readonly p90: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** Nothing more comes when nothing has come for this time, or after the whole of it: ms. */
const QUIET = 2000
const LONGEST_WAIT = 30_000
/** Bytes that may wait for the router to take them. */
const MAX_WAITING = 16 << 20

/** Measures. Rejects with a BenchError. */
export async function run(plan: Plan, target: Target, beside: Beside): Promise<Figures> {
  const tally = new Tally()
  const load = await prepare(plan.scenario, plan.shape, target, tally)
  const ended = new Promise<never>((_, reject) => {
    for (const session of load.sessions) {
      session.onEnd = reject
      if (session.failure !== undefined) reject(session.failure)
    }
  })
  try {
    return await Promise.race([ended, measure(plan, load, tally, beside)])
  } finally {
    tally.to = -Infinity // ends what still sends
    await Promise.all(load.sessions.map(session => session.leave()))
  }
}

async function measure(
  plan: Plan,
  load: Load,
  tally: Tally,
  { pid, tell }: Beside,
): Promise<Figures> {
  const begin = now()
  tally.from = begin + plan.warmup * 1e6
  tally.to = tally.from + plan.seconds * 1e6
  const bar = setInterval(() => tell(Math.min(1, (now() - begin) / (tally.to - begin))), 100)
  try {
    const sending =
      plan.rate === undefined ? keep(plan, load, tally) : pace(plan.rate, load, tally, begin)
    await sleep((tally.from - now()) / 1000)
    const before = spent(pid)
    const since = now()
    await sleep((tally.to - now()) / 1000)
    const after = spent(pid)
    const seconds = (now() - since) / 1e6
    await sending
    await settle(tally)
    return figures(tally, plan, { before, after, seconds })
  } finally {
    clearInterval(bar)
  }
}

/** Open loop: sends each when it is due, or as soon after that as can be. */
async function pace(rate: number, load: Load, tally: Tally, begin: number): Promise<void> {
  const { sources } = load
  const interval = 1e6 / rate
  for (let count = 0; ; ) {
    const time = now()
    const isOver = time >= tally.to
    const until = isOver ? tally.to - 1 : time
    for (let due = dueAt(count); due <= until; due = dueAt(++count)) {
      const source = sources[count % sources.length] as Source
      if (source.session.waiting <= MAX_WAITING) source.send(due)
      else if (isOver) tally.skip(due, time)
      else break
    }
    if (isOver) return
    // Timers are good to a millisecond or two: the last bit is waited for awake.
    const rest = (dueAt(count) - now()) / 1000
    if (rest > 3) await sleep(rest - 2)
    else await new Promise(setImmediate)
  }

  function dueAt(count: number): number {
    return Math.round(begin + count * interval)
  }
}

/** Closed loop: each source sends the next when one is done. */
async function keep({ window = 1 }: Plan, { sources }: Load, tally: Tally): Promise<void> {
  for (const source of sources) {
    source.onDone = () => {
      const time = now()
      if (time < tally.to) source.send(time)
    }
    for (let i = 0; i < window; i++) source.send(now())
  }
}

/** Waits for what is still to come. */
async function settle(tally: Tally): Promise<void> {
  const limit = Date.now() + LONGEST_WAIT
  for (let last = -1, quietAt = 0; tally.lost > 0; ) {
    if (tally.arrived !== last) quietAt = Date.now() + QUIET
    last = tally.arrived
    if (Date.now() > Math.min(quietAt, limit)) return
    await sleep(20)
  }
}

interface Spent {
  readonly router: number | undefined
  readonly client: number
}

/** CPU seconds so far. */
function spent(pid: number | undefined): Spent {
  const { user, system } = process.cpuUsage()
  return { router: pid === undefined ? undefined : cpuSeconds(pid), client: (user + system) / 1e6 }
}

function figures(
  tally: Tally,
  { seconds: planned }: Plan,
  { before, after, seconds }: { before: Spent; after: Spent; seconds: number },
): Figures {
  const { sent, arrived, arrivedInTime, lost, duplicates, disordered, errors, wrong, unsent } =
    tally
  const { firstError, lateness } = tally
  const isKnown = before.router !== undefined && after.router !== undefined
  const cpu = isKnown ? (after.router as number) - (before.router as number) : undefined
  return {
    latency: percentiles(tally.latency),
    sent,
    arrived,
    throughput: Math.round(arrivedInTime / planned),
    ...{ lost, duplicates, disordered, errors },
    ...(firstError === undefined ? {} : { first_error: firstError }),
    ...{ wrong, unsent },
    ...(cpu === undefined || arrivedInTime === 0
      ? {}
      : { router_cpu: { us_per_message: (cpu * 1e6) / arrivedInTime, share: cpu / seconds } }),
    client: {
      share: (after.client - before.client) / seconds,
      late_p99: lateness.count === 0 ? 0 : lateness.percentile(99),
      late_max: lateness.count === 0 ? 0 : lateness.max,
    },
    sound: tally.isSound,
  }
}

function percentiles(of: RecordableHistogram): Percentiles {
  const at = (percent: number) => (of.count === 0 ? 0 : of.percentile(percent))
  return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: of.count === 0 ? 0 : of.max }
}
