import { COUNTED, type Counted } from '../base/counters.ts'
import { shapes } from '../protocol/messages.ts'
import type { RealmLoad } from '../realm/realm.ts'
import { BOUNDS, type Histogram } from '../traffic/histogram.ts'
import type { AdminHouse, RouterStatus } from './operation.ts'

/** Realms that have figures of their own, those that were made first; others are one, `other`. */
const MAX_REALMS = 100
const OTHER = 'other'

/** A router, as one answer tells of it. */
export interface Seen {
  readonly house: AdminHouse
  readonly status: RouterStatus
  readonly realms: ReadonlyMap<string, RealmLoad>
  readonly memory: NodeJS.MemoryUsage
  readonly cpu: NodeJS.CpuUsage
  readonly counters: Readonly<Record<Counted, number>>
}

export function seen(house: AdminHouse): Seen {
  return {
    house,
    status: house.status(),
    realms: loadsOf(house),
    memory: process.memoryUsage(),
    cpu: process.cpuUsage(),
    counters: house.counters.all(),
  }
}

function loadsOf(house: AdminHouse): Map<string, RealmLoad> {
  const loads = new Map<string, RealmLoad>()
  for (const { name, load } of house.realms()) {
    // A label is UTF-8, where lone surrogates of different names would be the same.
    const own = loads.size < MAX_REALMS ? name.toWellFormed() : OTHER
    loads.set(own, together(loads.get(own), load))
  }
  return loads
}

function together(a: RealmLoad | undefined, b: RealmLoad): RealmLoad {
  if (a === undefined) return b
  return {
    sessions: a.sessions + b.sessions,
    subscriptions: a.subscriptions + b.subscriptions,
    registrations: a.registrations + b.registrations,
    calls: a.calls + b.calls,
    refused: a.refused + b.refused,
  }
}

/** One line of an answer. */
export interface Sample {
  /** Where it is not that of the family. */
  readonly metricName?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

/** Figures of one name. */
export interface Family {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  /** The names of its labels, but `le` of histograms. */
  readonly labels: readonly string[]
  read(seen: Seen): Iterable<Sample>
}

/** All that `/metrics` tells; docs/metrics.md lists it. */
export const FAMILIES: readonly Family[] = [
  {
    name: 'wampd_build_info',
    type: 'gauge',
    help: 'Always 1: what runs here. Transports are those that are listened with.',
    labels: ['version', 'node', 'transports'],
    read({ house, status }) {
      const transports = new Set(status.listening.map(({ transport }) => transport))
      const labels = { version: house.version, node: process.version }
      return [{ labels: { ...labels, transports: [...transports].sort().join() }, value: 1 }]
    },
  },
  gauge('wampd_ready', '1 where new sessions are taken, 0 where the router goes down.', seen =>
    Number(seen.status.ready),
  ),
  gauge('wampd_connections', 'Connections, joined or not.', seen => seen.status.connections),
  gauge('wampd_realms', 'Realms.', ({ house }) => [...house.realms()].length),
  ofRealms('wampd_sessions', 'gauge', 'Sessions.', load => load.sessions),
  ofRealms('wampd_subscriptions', 'gauge', 'Topics and patterns that are subscribed to.', load => {
    return load.subscriptions
  }),
  ofRealms('wampd_registrations', 'gauge', 'Procedures and patterns that are registered.', load => {
    return load.registrations
  }),
  ofRealms('wampd_open_calls', 'gauge', 'Calls that are not answered yet.', load => load.calls),
  ofRealms('wampd_refusals_total', 'counter', 'What limits have refused.', load => load.refused),
  {
    name: 'wampd_messages_total',
    type: 'counter',
    help: 'Messages from clients (received) and to them (sent), by type.',
    labels: ['direction', 'type'],
    *read({ house: { traffic } }) {
      for (const direction of DIRECTIONS) {
        for (const { code, name } of shapes()) {
          yield { labels: { direction, type: name }, value: traffic[direction][code] ?? 0 }
        }
      }
    },
  },
  {
    name: 'wampd_message_bytes_total',
    type: 'counter',
    help: 'Bytes of messages, without what transports wrap them in.',
    labels: ['direction'],
    read({ house: { traffic } }) {
      const { bytesReceived, bytesSent } = traffic
      return [
        { labels: { direction: 'received' }, value: bytesReceived },
        { labels: { direction: 'sent' }, value: bytesSent },
      ]
    },
  },
  {
    name: 'wampd_call_duration_seconds',
    type: 'histogram',
    help: 'How long calls took, from CALL to the RESULT or ERROR that ended them.',
    labels: ['outcome'],
    *read({ house: { traffic } }) {
      yield* bucketsOf('wampd_call_duration_seconds', traffic.results, { outcome: 'result' })
      yield* bucketsOf('wampd_call_duration_seconds', traffic.errors, { outcome: 'error' })
    },
  },
  histogram(
    'wampd_delivery_duration_seconds',
    'From the arrival of a publication to the write of its event to a connection: the oldest event ' +
      'of about each eighth write.',
    ({ house }) => house.traffic.deliveries,
  ),
  gauge('wampd_queued_bytes', 'Bytes that are held for clients that have not read them.', seen =>
    seen.house.queued(),
  ),
  histogram(
    'wampd_event_loop_delay_seconds',
    'How late the event loop came to a timer that is due every 20 ms.',
    ({ house }) => house.loopDelay.all,
  ),
  gauge('wampd_memory_limit_bytes', 'What the process may take: memory.limit.', ({ house }) =>
    house.memoryLimit(),
  ),
  {
    name: 'wampd_reloads_total',
    type: 'counter',
    help: 'How often the configuration was read again: applied, or refused as it could not be used.',
    labels: ['outcome'],
    read({ house: { reloads } }) {
      const { applied, refused } = reloads
      return [
        { labels: { outcome: 'applied' }, value: applied },
        { labels: { outcome: 'refused' }, value: refused },
      ]
    },
  },
  {
    name: 'wampd_last_reload_timestamp_seconds',
    type: 'gauge',
    help: 'When the configuration was last read again and applied, since 1970; absent before.',
    labels: [],
    read({ house: { reloads } }) {
      return reloads.last === null ? [] : [{ value: reloads.last / 1000 }]
    },
  },
  ...counted(),
  // Under the names that these have with all clients of Prometheus. prom-client's own would start
  // monitors that nothing stops, and list every socket each time.
  counter('process_cpu_user_seconds_total', 'Processor time in user mode.', ({ cpu }) => {
    return cpu.user / 1e6
  }),
  counter('process_cpu_system_seconds_total', 'Processor time in system mode.', ({ cpu }) => {
    return cpu.system / 1e6
  }),
  counter('process_cpu_seconds_total', 'Processor time in user and system mode.', ({ cpu }) => {
    return (cpu.user + cpu.system) / 1e6
  }),
  gauge('process_start_time_seconds', 'When the process began, since 1970.', () => {
    return performance.timeOrigin / 1000
  }),
  gauge('process_resident_memory_bytes', 'Resident memory.', ({ memory }) => memory.rss),
  gauge('nodejs_heap_size_total_bytes', 'The heap of JavaScript.', seen => seen.memory.heapTotal),
  gauge('nodejs_heap_size_used_bytes', 'What of it is used.', ({ memory }) => memory.heapUsed),
  gauge(
    'nodejs_external_memory_bytes',
    'Memory of buffers and the like, beside the heap.',
    seen => {
      return seen.memory.external
    },
  ),
]

const DIRECTIONS = ['received', 'sent'] as const

function gauge(name: string, help: string, value: (seen: Seen) => number): Family {
  return { name, type: 'gauge', help, labels: [], read: seen => [{ value: value(seen) }] }
}

function counter(name: string, help: string, value: (seen: Seen) => number): Family {
  return { ...gauge(name, help, value), type: 'counter' }
}

function histogram(name: string, help: string, find: (seen: Seen) => Histogram): Family {
  return { name, type: 'histogram', help, labels: [], read: seen => bucketsOf(name, find(seen)) }
}

function ofRealms(
  name: string,
  type: 'gauge' | 'counter',
  help: string,
  value: (load: RealmLoad) => number,
): Family {
  return {
    ...{ name, type, help, labels: ['realm'] },
    *read({ realms }) {
      for (const [realm, load] of realms) yield { labels: { realm }, value: value(load) }
    },
  }
}

/** A metric for each: sessions, events and requests together are no sum of anything. */
function counted(): Family[] {
  return Object.entries(COUNTED).map(([what, text]) => {
    const help = `${text[0]?.toUpperCase()}${text.slice(1)}.`
    return counter(`wampd_${what}_total`, help, ({ counters }) => counters[what as Counted])
  })
}

function* bucketsOf(
  name: string,
  { counts, sum }: Histogram,
  labels: Readonly<Record<string, string>> = {},
): Iterable<Sample> {
  let count = 0
  for (const [bucket, bound] of [...BOUNDS, Infinity].entries()) {
    count += counts[bucket] as number
    const le = bound === Infinity ? '+Inf' : String(bound)
    yield { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  }
  yield { metricName: `${name}_sum`, labels, value: sum }
  yield { metricName: `${name}_count`, labels, value: count }
}
