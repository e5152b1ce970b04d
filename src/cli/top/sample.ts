import type { Api } from '../../admin/client.ts'
import type { RealmRow } from '../../admin/operations/realms.ts'
import type { SessionRow } from '../../admin/operations/sessions.ts'

/** A router at one moment: counts are since its start. */
export interface Sample {
  readonly overview: Overview
  readonly realms: readonly RealmRow[]
  readonly slow: readonly SessionRow[]
}

/** What is read of the answer of `getOverview`. */
export interface Overview extends State {
  /** Milliseconds since 1970. */
  readonly now: number
  /** Seconds. */
  readonly cpu: number
  readonly latency: { readonly call: Histogram; readonly delivery: Histogram }
  readonly received: Counts
  readonly sent: Counts
  readonly bytesReceived: number
  readonly bytesSent: number
  readonly counters: Counts
}

/** What is told as it is. */
interface State {
  readonly version: string
  readonly node: string
  readonly pid: number
  readonly state: string
  readonly ready: boolean
  readonly started: string
  readonly connections: number
  readonly sessions: number
  readonly subscriptions: number
  readonly registrations: number
  /** Calls that are not answered yet. */
  readonly calls: number
  /** Bytes that wait for readers. */
  readonly queued: number
  /** Bytes. */
  readonly memory: Readonly<Record<'rss' | 'heap' | 'external' | 'limit', number>>
  /** Milliseconds. */
  readonly loopDelay: Readonly<Record<'p50' | 'p99' | 'max', number>>
}

type Counts = Readonly<Record<string, number>>

export interface Histogram {
  /** Upper bounds of the buckets. Seconds. */
  readonly bounds: readonly number[]
  /** How many are in each bucket, and beyond the last. */
  readonly counts: readonly number[]
}

/** Sessions that are told of among the slow. */
const MOST_SLOW = 20

export async function sampleOf(api: Api): Promise<Sample> {
  const [overview, realms, slow] = await Promise.all([
    api.get<Overview>(['overview']),
    api.get<{ rows: RealmRow[] }>(['realms']),
    api.get<{ rows: SessionRow[] }>(['slow'], { limit: MOST_SLOW }),
  ])
  return { overview, realms: realms.rows, slow: slow.rows }
}

/** What a router did between two samples. Rates are by the second. */
export interface Figures extends State {
  /** The second sample was taken then: ISO 8601. */
  readonly time: string
  /** Between the samples. */
  readonly seconds: number
  /** Share of a core. */
  readonly cpu: number
  readonly received: Flow
  readonly sent: Flow
  readonly call: Timing
  readonly delivery: Timing
  /** What was refused or went wrong since the first sample of all; without zeros. */
  readonly counters: Counts
  /** All realms, those with most sessions first. */
  readonly realms: readonly RealmRow[]
  /** Sessions whose clients do not read all at once; those first for whom most waits. */
  readonly slow: readonly SessionRow[]
}

export interface Flow {
  readonly messages: number
  readonly bytes: number
  /** Messages; without zeros, the most first. */
  readonly byType: Counts
}

export interface Timing {
  readonly rate: number
  /** Seconds; null where nothing was timed. */
  readonly p50: number | null
  readonly p99: number | null
}

/** The router was started anew between two samples: then there is nothing to compare. */
export function isAnother(before: Sample, after: Sample): boolean {
  return before.overview.started !== after.overview.started
}

/** What was between two samples; `first` is the one that counters are compared with. */
export function figuresOf(before: Sample, after: Sample, first: Sample): Figures {
  const [old, { overview: now, realms, slow }] = [before.overview, after]
  // A clock may be set back.
  const seconds = Math.max(0.001, (now.now - old.now) / 1000)
  const rate = (after: number, before: number) => (after - before) / seconds
  const flow = (after: Counts, before: Counts, bytes: number): Flow => {
    const byType = moved(after, before, seconds)
    const messages = Object.values(byType).reduce((sum, one) => sum + one, 0)
    return { messages, bytes, byType }
  }
  const timing = (what: 'call' | 'delivery') =>
    timingOf(now.latency[what], old.latency[what], seconds)
  const { version, node, pid, state, ready, started, memory, loopDelay } = now
  const { connections, sessions, subscriptions, registrations, calls, queued } = now
  return {
    ...{ time: new Date(now.now).toISOString(), seconds },
    ...{ version, node, pid, state, ready, started, connections },
    ...{ sessions, subscriptions, registrations, calls, queued, memory, loopDelay },
    cpu: rate(now.cpu, old.cpu),
    received: flow(now.received, old.received, rate(now.bytesReceived, old.bytesReceived)),
    sent: flow(now.sent, old.sent, rate(now.bytesSent, old.bytesSent)),
    call: timing('call'),
    delivery: timing('delivery'),
    counters: moved(now.counters, first.overview.counters, 1),
    realms: [...realms].sort((a, b) => b.sessions - a.sessions),
    slow,
  }
}

/** By how much counts have grown, for each of some time; those that have not are left out. */
function moved(after: Counts, before: Counts, seconds: number): Record<string, number> {
  const all = Object.entries(after).map(([name, count]) => {
    return [name, (count - (before[name] ?? 0)) / seconds] as const
  })
  return Object.fromEntries(all.filter(([, grown]) => grown > 0).sort(([, a], [, b]) => b - a))
}

function timingOf(after: Histogram, before: Histogram, seconds: number): Timing {
  const counts = after.counts.map((count, i) => count - (before.counts[i] ?? 0))
  const total = counts.reduce((sum, count) => sum + count, 0)
  const at = (share: number) => (total === 0 ? null : quantile(after.bounds, counts, share * total))
  return { rate: total / seconds, p50: at(0.5), p99: at(0.99) }
}

/** Where so many lie below: within a bucket as if they lay evenly, beyond the last at its bound. */
function quantile(bounds: readonly number[], counts: readonly number[], rank: number): number {
  let below = 0
  for (const [i, bound] of bounds.entries()) {
    const count = counts[i] ?? 0
    if (count > 0 && below + count >= rank) {
      const from = bounds[i - 1] ?? 0
      return from + ((bound - from) * (rank - below)) / count
    }
    below += count
  }
  return bounds.at(-1) ?? 0
}
