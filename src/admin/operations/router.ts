import Type from 'typebox'
import { COUNTED } from '../../base/counters.ts'
import { shapes } from '../../protocol/messages.ts'
import { operation } from '../operation.ts'

const counts = (text: string) => Type.Record(Type.String(), Type.Number(), { description: text })

const memory = Type.Object({
  rss: Type.Integer(),
  heap: Type.Integer(),
  external: Type.Integer(),
})

export const router = [
  operation({
    id: 'getOverview',
    method: 'GET',
    path: '/overview',
    about: 'What the router does, and what it has done since its start.',
    parameters: Type.Object({}),
    answer: Type.Object({
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
      received: counts('Messages from clients since the start, by type.'),
      sent: counts('Messages to clients since the start, by type.'),
      bytesReceived: Type.Number(),
      bytesSent: Type.Number(),
      counters: counts(`What was refused or went wrong: ${Object.keys(COUNTED).join(', ')}.`),
    }),
    run(house) {
      const { state, ready, started, connections, listening } = house.status()
      const { rss, heapUsed: heap, external } = process.memoryUsage()
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
        memory: { rss, heap, external },
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
