import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { eventually } from '../helpers/raw-client.ts'
import { autobahnJsKinds, longpollKinds } from './autobahn-js.ts'
import type { Client, ClientKind, Payload } from './client.ts'
import { closeAll } from './kinds.ts'

const PATHS = {
  '/lp': { longpoll: { request_timeout: 500, session_timeout: 2000 } },
  '/ws': { websocket: {} },
}

describe('clients of long-poll', () => {
  let router: ReturnType<typeof createRouter>
  let port: number
  let other: Client

  const listen = async (at = 0) => {
    router = createRouter({ development: true })
    port = (await router.listen({ port: at, paths: PATHS })).port
  }
  const connect = (kind: ClientKind, onReturn?: () => void) =>
    kind.connect(`http://127.0.0.1:${port}/lp`, onReturn)

  beforeEach(async () => {
    await listen()
    other = await (autobahnJsKinds[0] as ClientKind).connect(`ws://127.0.0.1:${port}/ws`)
  })
  afterEach(async () => {
    await closeAll([other])
    await router.close({ grace: 500 })
  })

  for (const kind of longpollKinds) {
    describe(kind.name, () => {
      it('calls, and is called', async () => {
        const client = await connect(kind)
        const args = ['grüß 🦀', 1.5, null, { a: [true] }]
        await client.register('of.the.poller', 'echo')
        await other.register('of.the.other', 'echo')
        expect((await client.call('of.the.other', args, { k: 1 })).args).deep.equal(args)
        expect((await other.call('of.the.poller', args, { k: 1 })).args).deep.equal(args)
        const numbers = Array.from({ length: 30 }, (_, i) => i)
        const results = await Promise.all(numbers.map(i => client.call('of.the.other', [i], {})))
        expect(results.map(({ args }) => args[0])).deep.equal(numbers)
        await client.close()
      })

      it('hears events in their order, and publishes', async () => {
        const client = await connect(kind)
        const [heard, heardByOther]: [unknown[], unknown[]] = [[], []]
        await client.subscribe('to.the.poller', ({ args }: Payload) => heard.push(args[0]))
        await other.subscribe('of.the.poller', ({ args }: Payload) => heardByOther.push(args[0]))
        await other.publishMany('to.the.poller', 100)
        await client.publish('of.the.poller', ['x'], {})
        await eventually('all is heard', () => heard.length === 100 && heardByOther.length === 1)
        expect(heard).deep.equal(Array.from({ length: 100 }, (_, i) => i))
        await client.close()
      })

      it('lives on while nothing happens', async () => {
        const client = await connect(kind)
        await client.register('of.the.idle', 'echo')
        await new Promise(resolve => setTimeout(resolve, 2500))
        expect((await other.call('of.the.idle', ['still'], {})).args).deep.equal(['still'])
        await client.close()
      })

      it('leaves, and its registrations with it', async () => {
        const client = await connect(kind)
        await client.register('of.the.leaving', 'echo')
        await client.close()
        await eventually('it is gone', () => router.status().connections === 1)
        await other.register('of.the.leaving', 'echo')
      })

      it('comes back after a restart', async () => {
        let returns = 0
        const client = await connect(kind, () => returns++)
        const left = other.close()
        await router.close({ grace: 500 })
        await left
        await listen(port)
        other = await (autobahnJsKinds[0] as ClientKind).connect(`ws://127.0.0.1:${port}/ws`)
        await eventually('it is back', () => returns === 1)
        await client.register('of.the.returned', 'echo')
        expect((await other.call('of.the.returned', [1], {})).args).deep.equal([1])
        await client.close()
      })

      it('is sent away for good by a GOODBYE', async () => {
        const client = await connect(kind)
        const closed = router.close({ final: true })
        expect(await client.left).contain('wamp.close.system_shutdown')
        await closed
        await listen()
        other = await (autobahnJsKinds[0] as ClientKind).connect(`ws://127.0.0.1:${port}/ws`)
      })
    })
  }
})
