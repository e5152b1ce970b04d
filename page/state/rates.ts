import type { Overview } from '../../src/admin/operations/router.ts'

type Histogram = Overview['latency']['call']

/** What was between two answers of `/overview`. Rates are by the second. */
export interface Sample {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly received: number
  readonly sent: number
  readonly receivedByType: Readonly<Record<string, number>>
  readonly sentByType: Readonly<Record<string, number>>
  readonly bytesReceived: number
  readonly bytesSent: number
  /** Of a processor: 1 is one that is busy all the time. */
  readonly cpu: number
  /** Counts of what fell in each bucket since the sample before. */
  readonly call: Latency
  readonly delivery: Latency
  readonly counters: Readonly<Record<string, number>>
}

interface Latency {
  readonly bounds: readonly number[]
  readonly counts: readonly number[]
}

export function ratesBetween(before: Overview, now: Overview): Sample {
  const seconds = (now.now - before.now) / 1000
  const rate = (a: number, b: number) => Math.max(0, b - a) / seconds
  const rates = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(b).map(([name, count]) => [name, rate(a[name] ?? 0, count)]))
  const receivedByType = rates(before.received, now.received)
  const sentByType = rates(before.sent, now.sent)
  return {
    at: now.now,
    received: sum(receivedByType),
    sent: sum(sentByType),
    ...{ receivedByType, sentByType },
    bytesReceived: rate(before.bytesReceived, now.bytesReceived),
    bytesSent: rate(before.bytesSent, now.bytesSent),
    cpu: rate(before.cpu, now.cpu),
    call: latencyBetween(before.latency.call, now.latency.call),
    delivery: latencyBetween(before.latency.delivery, now.latency.delivery),
    counters: differences(before.counters, now.counters),
  }
}

function latencyBetween(before: Histogram, now: Histogram): Latency {
  const counts = now.counts.map((count, i) => Math.max(0, count - (before.counts[i] ?? 0)))
  return { bounds: now.bounds, counts }
}

function differences(a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>) {
  const moved = Object.entries(b).map(([name, count]) => [name, count - (a[name] ?? 0)] as const)
  return Object.fromEntries(moved.filter(([, by]) => by > 0))
}

/**
 * The quantile of all that several samples latencies, in seconds; null where they latencies nothing. It is
 * read between the bounds of its bucket; beyond the last bound it is that bound.
 */
export function quantile(of: number, latencies: readonly Latency[]): number | null {
  const bounds = latencies[0]?.bounds ?? []
  const counts = [...bounds, Infinity].map((_, i) =>
    latencies.reduce((total, latency) => total + (latency.counts[i] ?? 0), 0),
  )
  const all = counts.reduce((total, count) => total + count, 0)
  if (all === 0) return null
  let below = 0
  for (const [i, count] of counts.entries()) {
    const upper = bounds[i]
    if (upper === undefined) break
    if (count > 0 && below + count >= of * all) {
      const lower = bounds[i - 1] ?? 0
      return lower + ((upper - lower) * (of * all - below)) / count
    }
    below += count
  }
  return bounds.at(-1) ?? null
}

const sum = (rates: Readonly<Record<string, number>>) =>
  Object.values(rates).reduce((total, rate) => total + rate, 0)
