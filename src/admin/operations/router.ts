import Type, { type Static } from 'typebox'
import { COUNTED } from '../../base/counters.ts'
import { shapes } from '../../protocol/messages.ts'
import { BOUNDS, type Histogram } from '../../traffic/histogram.ts'
import { operation } from '../operation.ts'

const counts = (text: string) => Type.Record(Type.String(), Type.Number(), { description: text })

const memory = Type.Object({
  rss: Type.Integer(),
  heap: Type.Integer(),
  external: Type.Integer(),
  limit: Type.Integer({ description: 'What the process may take.' }),
})

const histogram = (text: string) =>
  Type.Object(
    {
      bounds: Type.Array(Type.Number(), { description: 'Upper bounds of the buckets: seconds.' }),
      counts: Type.Array(Type.Number(), {
        description: 'How many fell in each bucket, and beyond the last of them.',
      }),
      sum: Type.Number({ description: 'Seconds, of all together.' }),
    },
    { description: text },
  )

const milliseconds = Type.Number({ description: 'Milliseconds.' })

const overview = Type.Object({
  version: Type.String(),
  node: Type.String(),
  pid: Type.Integer(),
  state: Type.String({ description: '`running`, `draining` or `closed`.' }),
  ready: Type.Boolean({ description: 'It takes new sessions.' }),
  started: Type.String({ description: 'ISO 8601.' }),
  now: Type.Integer({ description: 'Milliseconds since 1970: when the rest was read.' }),
  listening: Type.Array(Type.Object({ url: Type.String(), transport: Type.String() })),
  connections: Type.Integer(),
  realms: Type.Integer(),
  sessions: Type.Integer(),
  subscriptions: Type.Integer(),
  registrations: Type.Integer(),
  calls: Type.Integer({ description: 'Calls that are not answered yet.' }),
  queued: Type.Integer({ description: 'Bytes that wait for readers.' }),
  memory,
  cpu: Type.Number({ description: 'Seconds of processor time, in user and system mode.' }),
  loopDelay: Type.Object(
    { p50: milliseconds, p99: milliseconds, max: milliseconds },
    { description: 'How late the event loop came to what was due, in the last 5 to 10 s.' },
  ),
  latency: Type.Object(
    {
      call: histogram('From CALL to the RESULT or ERROR that ended it.'),
      delivery: histogram(
        'From the arrival of a publication to the write of its event: the oldest of about each eighth write.',
      ),
    },
    { description: 'Since the start: of what was between two answers, take the differences.' },
  ),
  reloads: Type.Object({
    applied: Type.Integer(),
    refused: Type.Integer(),
    last: Type.Union([Type.Integer(), Type.Null()], {
      description: 'When one was applied last: milliseconds since 1970; null for never.',
    }),
  }),
  received: counts('Messages from clients since the start, by type.'),
  sent: counts('Messages to clients since the start, by type.'),
  bytesReceived: Type.Number(),
  bytesSent: Type.Number(),
  counters: counts(`What was refused or went wrong: ${Object.keys(COUNTED).join(', ')}.`),
})
export type Overview = Static<typeof overview>

export const router = [
  operation({
    id: 'getOverview',
    method: 'GET',
    path: '/overview',
    about: 'What the router does, and what it has done since its start.',
    parameters: Type.Object({}),
    answer: overview,
    run(house) {
      const { state, ready, started, connections, listening } = house.status()
      const { rss, heapUsed: heap, external } = process.memoryUsage()
      const { user, system } = process.cpuUsage()
      const { applied, refused, last } = house.reloads
      const loads = [...house.realms()].map(({ load }) => load)
      const sum = (what: keyof (typeof loads)[number]) =>
        loads.reduce((total, load) => total + load[what], 0)
      return {
        ...{ version: house.version, node: process.version, pid: process.pid },
        ...{ state, ready, started, now: house.clock.now(), connections },
        listening: listening.map(({ url, transport }) => ({ url, transport })),
        realms: loads.length,
        sessions: sum('sessions'),
        subscriptions: sum('subscriptions'),
        registrations: sum('registrations'),
        calls: sum('calls'),
        queued: house.queued(),
        memory: { rss, heap, external, limit: house.memoryLimit() },
        cpu: (user + system) / 1e6,
        loopDelay: house.loopDelay.recent,
        latency: {
          call: histogramOf(house.traffic.results, house.traffic.errors),
          delivery: histogramOf(house.traffic.deliveries),
        },
        reloads: { applied, refused, last },
        received: byType(house.traffic.received),
        sent: byType(house.traffic.sent),
        bytesReceived: house.traffic.bytesReceived,
        bytesSent: house.traffic.bytesSent,
        counters: { ...house.counters.all() },
      }
    },
  }),
  operation({
    id: 'reload',
    method: 'POST',
    path: '/reload',
    about: 'Has the router take up its changed configuration.',
    parameters: Type.Object({}),
    answer: Type.Object({
      changes: Type.Array(Type.Record(Type.String(), Type.Unknown())),
    }),
    run: house => ({ changes: house.reload() as Record<string, unknown>[] }),
  }),
]

function byType(messages: Float64Array): Record<string, number> {
  const named = shapes().map(({ code, name }) => [name, messages[code] ?? 0] as const)
  return Object.fromEntries(named)
}

/** Several histograms as one. */
function histogramOf(...parts: Histogram[]) {
  return {
    bounds: [...BOUNDS],
    counts: [...BOUNDS, Infinity].map((_, bucket) =>
      parts.reduce((total, { counts }) => total + (counts[bucket] as number), 0),
    ),
    sum: parts.reduce((total, { sum }) => total + sum, 0),
  }
}
