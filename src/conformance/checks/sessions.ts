import {
  ABORT,
  GOODBYE,
  HELLO,
  type Message,
  NO_DETAILS,
  PUBLISH,
  WELCOME,
} from '../../protocol/messages.ts'
import { NO_PAYLOAD } from '../../protocol/payload.ts'
import { RemoteError } from '../../remote/remote-error.ts'
import type { Wire } from '../../remote/wire.ts'
import { type Bench, basic, hold, Unproven } from '../check.ts'
import { helloFor, nameOf, type Pace } from '../probe.ts'

const utf8 = (text: string) => new TextEncoder().encode(text)

/** What is left of a connection that the router has a reason to end. */
async function lastOf(wire: Wire, { patience }: Pace): Promise<Message | undefined> {
  try {
    return await wire.receive(patience)
  } catch (error) {
    if (error instanceof RemoteError && error.fault === 'closed') return undefined
    hold(false, 'the router neither says ABORT nor ends the connection')
  }
}

async function endedBy({ pace }: Bench, wire: Wire, send: () => void): Promise<void> {
  send()
  const last = await lastOf(wire, pace)
  if (last === undefined) return
  hold(last.type === ABORT, `${nameOf(last)} came, not ABORT`)
}

/** A session that has nothing to do with what another one does wrong. */
async function harmless(bench: Bench, harm: () => Promise<void>): Promise<void> {
  const other = await bench.join()
  const topic = bench.uri('other')
  await other.subscribe(topic)
  await harm()
  await other.publish(topic, { exclude_me: false })
  await other.event()
}

export const sessions = [
  basic('session', 'opening', 'Session Establishment', [
    {
      text: 'WELCOME gives a session id from 1 to 2^53 and the roles of the router',
      async prove(bench) {
        const { session, welcome } = await bench.join()
        hold(Number.isSafeInteger(session) && session > 0, `the session id is ${session}`)
        const roles = welcome.details.roles as Record<string, unknown> | undefined
        hold(typeof roles === 'object' && roles !== null, 'WELCOME has no roles')
        hold('broker' in roles || 'dealer' in roles, 'WELCOME has neither broker nor dealer')
      },
    },
    {
      text: 'sessions have different ids',
      async prove(bench) {
        const [one, other] = [await bench.join(), await bench.join()]
        hold(one.session !== other.session, `two sessions have the id ${one.session}`)
      },
    },
    {
      text: 'a realm that is not there is refused with ABORT wamp.error.no_such_realm',
      async prove(bench) {
        const wire = await bench.connect()
        wire.send(helloFor(bench.uri('realm')))
        const answer = await wire.receive(bench.pace.patience)
        if (answer.type === WELCOME) throw new Unproven('realms are made when they are asked for')
        hold(answer.type === ABORT, `${nameOf(answer)} came, not ABORT`)
        hold(answer.reason === 'wamp.error.no_such_realm', `the reason is ${answer.reason}`)
      },
    },
  ]),
  basic('session', 'closing', 'Session Closing', [
    {
      text: 'GOODBYE is answered with GOODBYE wamp.close.goodbye_and_out',
      async prove(bench) {
        const probe = await bench.join()
        probe.send({ type: GOODBYE, details: NO_DETAILS, reason: 'wamp.close.close_realm' })
        const { reason } = await probe.take(GOODBYE)
        hold(reason === 'wamp.close.goodbye_and_out', `the reason is ${reason}`)
      },
    },
  ]),
  basic('session', 'violations', 'Protocol Violations', [
    {
      text: 'a message before HELLO ends the connection',
      async prove(bench) {
        const wire = await bench.connect()
        const topic = bench.uri('early')
        const early = { request: 1, options: NO_DETAILS, topic, payload: NO_PAYLOAD }
        await endedBy(bench, wire, () => wire.send({ type: PUBLISH, ...early }))
      },
    },
    {
      text: 'a second HELLO ends the session, and harms no other',
      prove: bench =>
        harmless(bench, async () => {
          const { wire } = await bench.join()
          await endedBy(bench, wire, () => wire.send(helloFor(bench.realm)))
        }),
    },
    ...[
      ['what is no list', '{"a":1}'],
      ['an unknown type of message', '[99,1,{}]'],
      ['a message that is cut off', '[32,1,{},"a.'],
      ['a request id that is no number', '[32,"1",{},"a.topic"]'],
      ['a list that ends too soon', '[32,1]'],
    ].map(([what = '', text = '']) => ({
      text: `${what} ends the session, and harms no other`,
      async prove(bench: Bench) {
        // Bytes are the same in none of the other serializers.
        const { json } = await import('../../serializer/json.ts')
        await harmless(bench, async () => {
          const { wire } = await bench.join(json)
          await endedBy(bench, wire, () => wire.sendFrame(utf8(text), false))
        })
      },
    })),
    {
      text: 'HELLO without a realm ends the connection',
      async prove(bench) {
        const wire = await bench.connect()
        await endedBy(bench, wire, () =>
          wire.send({ type: HELLO, realm: '', details: { roles: { publisher: {} } } }),
        )
      },
    },
  ]),
]

/** What some routers are long occupied with: it comes last. */
export const robustness = [
  basic('router', 'robustness', 'Protocol Violations', [
    {
      text: 'a nest of 100,000 lists is refused or carried, and harms no other',
      async prove(bench) {
        const { json } = await import('../../serializer/json.ts')
        await harmless(bench, async () => {
          const { wire } = await bench.join(json)
          const nest = '['.repeat(100_000) + ']'.repeat(100_000)
          wire.sendFrame(utf8(`[16,1,{},"${bench.uri('nest')}",${nest}]`), false)
          await new Promise(resolve => setTimeout(resolve, 200))
        })
      },
    },
  ]),
]
