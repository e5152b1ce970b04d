import { expect } from 'chai'
import { shapes } from '../../src/protocol/messages.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { frameOf, overTcp, overWebSocket } from '../gateway/stomp/stomp-client.ts'
import { type AdminClient, openAdmin } from '../helpers/admin.ts'
import { connectLocally } from '../helpers/local-client.ts'
import { openPoll, type PollClient, post } from '../helpers/poll-client.ts'
import { connect, hangUp, hello, type Wamp, type WampClient } from '../helpers/raw-client.ts'
import { rawClient } from '../helpers/rawsocket-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const NAMES = new Map(shapes().map(({ code, name }) => [code, name]))

/** What a client says, and how many messages it hears thereupon. */
const SCRIPT: readonly [Wamp, number][] = [
  [hello(), 1],
  [[32, 1, {}, 'a.b'], 1],
  [[16, 2, { acknowledge: true, exclude_me: false }, 'a.b', ['x'.repeat(300)]], 2],
  [[64, 3, {}, 'a.c'], 1],
  [[48, 4, {}, 'a.c', [1, 2, 3]], 1],
  [[70, 1, {}, ['four']], 1],
  [[48, 5, {}, 'no.body'], 1],
  [[6, {}, 'wamp.close.close_realm'], 1],
]

interface Tally {
  readonly received: Record<string, number>
  readonly sent: Record<string, number>
  bytesReceived: number
  bytesSent: number
}

/** Has a client say all of it; gives what the router should have counted. */
async function converse(client: WampClient | PollClient): Promise<Tally> {
  const tally: Tally = { received: {}, sent: {}, bytesReceived: 0, bytesSent: 0 }
  const count = (counts: Record<string, number>, [type]: Wamp) => {
    const name = NAMES.get(type) as string
    counts[name] = (counts[name] ?? 0) + 1
  }
  if ('decode' in client) {
    const { decode } = client
    client.decode = body => {
      tally.bytesSent += body.length
      return decode.call(client, body)
    }
  }
  for (const [message, answers] of SCRIPT) {
    count(tally.received, message)
    tally.bytesReceived += Buffer.byteLength(client.encode(message) as string)
    const sending = client.send(message)
    for (let i = 0; i < answers; i++) count(tally.sent, await client.next())
    await sending
  }
  if ('size' in client) tally.bytesSent = client.size
  return tally
}

describe('what passes is counted', () => {
  let router: Router
  let admin: AdminClient

  beforeEach(async () => {
    router = createRouter({ development: true })
    admin = await openAdmin(router)
  })
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 100 })
  })

  /** What has been counted, but for types of which nothing came. */
  async function counted(): Promise<Tally> {
    const { received, sent, bytesReceived, bytesSent } = await admin.api('overview')
    const some = (counts: Record<string, number>) =>
      Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0))
    return { received: some(received), sent: some(sent), bytesReceived, bytesSent }
  }

  const ways: [string, () => Promise<WampClient | PollClient>][] = [
    ...TRANSPORTS.map((transport): [string, () => Promise<WampClient>] => [
      `WebSocket on ${transport}`,
      async () => connect((await router.listen({ port: 0, transport })).url),
    ]),
    [
      'WebSocket, in CBOR',
      async () => connect((await router.listen({ port: 0 })).url, 'wamp.2.cbor'),
    ],
    [
      'RawSocket',
      async () => rawClient((await router.listen({ port: 0, type: 'rawsocket' })).port),
    ],
    [
      'long-poll',
      async () => {
        const { port } = await router.listen({ port: 0, paths: { '/lp': { longpoll: {} } } })
        return openPoll(`http://127.0.0.1:${port}/lp`)
      },
    ],
    ['the WebSocket in memory', () => connectLocally(router.localWebSocket())],
  ]

  for (const [name, open] of ways) {
    it(`over ${name}`, async () => {
      const wanted = await converse(await open())
      expect(wanted.sent).deep.equal({
        ...{ WELCOME: 1, SUBSCRIBED: 1, EVENT: 1, PUBLISHED: 1, REGISTERED: 1 },
        ...{ INVOCATION: 1, RESULT: 1, ERROR: 1, GOODBYE: 1 },
      })
      expect(await counted()).deep.equal(wanted)
    })
  }

  it('over an HTTP bridge, whose sessions are within', async () => {
    const { port } = await router.listen({
      port: 0,
      paths: { '/api': { bridge: { realm: 'realm1' } } },
    })
    const session = router.session('realm1')
    await session.register('a.b', () => 5)
    const body = JSON.stringify({ procedure: 'a.b' })
    const headers = { 'Content-Type': 'application/json' }
    const { status } = await post(`http://127.0.0.1:${port}/api/call`, body, headers)
    expect(status).equal(200)
    const { received, sent } = await counted()
    expect(received).include({ HELLO: 1, CALL: 1 })
    expect(sent).include({ WELCOME: 1, RESULT: 1 })
    // In-process sessions send no bytes, and need not be told apart: their calls are timed.
    expect(received).not.include.keys('REGISTER')
    const { latency } = await admin.api('overview')
    expect(latency.call.counts.reduce((a: number, b: number) => a + b)).equal(1)
  })

  for (const carrier of ['TCP', 'WebSocket']) {
    it(`over STOMP on ${carrier}, whose sessions are within`, async () => {
      const { port } = await router.listen(
        carrier === 'TCP'
          ? { port: 0, type: 'stomp' }
          : { port: 0, paths: { '/stomp': { stomp: {} } } },
      )
      const client =
        carrier === 'TCP' ? overTcp(port) : await overWebSocket(`ws://127.0.0.1:${port}/stomp`)
      await client.connect()
      const subscribed = await client.ask('SUBSCRIBE', {
        ...{ id: '1', destination: '/topic/a.b', receipt: '1' },
      })
      expect(subscribed.command).equal('RECEIPT')
      client.wire.send(frameOf('SEND', { destination: '/topic/a.b' }, 'hi'))
      expect((await client.next()).command).equal('MESSAGE')
      const { received, sent } = await counted()
      expect(received).deep.equal({ HELLO: 1, SUBSCRIBE: 1, PUBLISH: 1 })
      expect(sent).include({ WELCOME: 1, SUBSCRIBED: 1, EVENT: 1 })
    })
  }
})
