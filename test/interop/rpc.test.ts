import { expect } from 'chai'
import { Wampy } from 'wampy'
import { WebSocket } from 'ws'
import { createRouter } from '../../src/index.ts'
import { connect } from '../helpers/raw-client.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import { type CancelMode, type Client, type Payload, SLOW, WampError } from './client.ts'
import { allKinds, closeAll } from './kinds.ts'
import { startPython } from './python.ts'

const CANCEL_MODES: (CancelMode | undefined)[] = ['skip', 'killnowait', 'kill', undefined]

describe('calls between real clients', () => {
  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
  })

  for (const serializer of ['json', 'msgpack']) {
    const kinds = allKinds.filter(({ name }) => name.endsWith(serializer))
    let router: ReturnType<typeof createRouter>
    let clients: Client[]

    describe(serializer, () => {
      before(async () => {
        router = createRouter({ development: true })
        const { url } = await router.listen({ port: 0, transport: USUAL_TRANSPORT })
        clients = await Promise.all(kinds.map(kind => kind.connect(url)))
        for (const [i, client] of clients.entries()) {
          for (const behaviour of ['echo', 'count', 'slow', 'caller'] as const) {
            await client.register(`interop.${behaviour}.n${i}`, behaviour)
          }
        }
      })

      after(async () => {
        await closeAll(clients)
        await router.close()
      })

      for (const [i, { name }] of kinds.entries()) {
        it(`bring the progress of ${name} to all, and only if they ask`, async () => {
          const progress: unknown[][] = []
          const procedure = `interop.count.n${i}`
          for (const caller of clients) {
            const seen: unknown[] = []
            const onProgress = ({ args }: Payload) => seen.push(args[0])
            const { args } = await caller.call(procedure, [], {}, { onProgress })
            progress.push([...seen, ...args])
            expect((await caller.call(procedure, [], {})).args).to.deep.equal(['done'])
          }
          expect(progress).to.deep.equal(clients.map(() => [1, 2, 'done']))
        })

        it(`end by the timeout where ${name} is slow, and it goes on`, async () => {
          const errors = await Promise.all(
            clients.map(caller =>
              failure(caller.call(`interop.slow.n${i}`, [], {}, { timeout: 50 })),
            ),
          )
          expect(errors).to.deep.equal(clients.map(() => 'wamp.error.timeout'))
          await sleep(SLOW)
          await working(clients[i] as Client, i)
        })

        it(`can be canceled by ${name} in all modes, and it goes on`, async () => {
          const caller = clients[i] as Client
          for (const mode of CANCEL_MODES) {
            await Promise.all(
              clients.map((_, callee) => caller.callAndCancel(`interop.slow.n${callee}`, mode)),
            )
            for (const callee of clients.keys()) await working(caller, callee)
          }
          await sleep(SLOW)
          for (const callee of clients.keys()) await working(caller, callee)
        }).timeout(20_000)

        it(`tell who calls ${name} if the caller wants it`, async () => {
          for (const caller of clients) {
            const call = (disclose: boolean) =>
              caller.call(`interop.caller.n${i}`, [], {}, { disclose })
            expect((await call(false)).args[0] ?? null).to.equal(null)
            // Autobahn|Python does not ask.
            if (caller.name.includes('Python')) continue
            expect((await call(true)).args[0]).to.be.a('number')
          }
        })

        it(`reach ${name} by a pattern, and by turns with others`, async () => {
          const callee = clients[i] as Client
          const other = clients[(i + 1) % clients.length] as Client
          await callee.register('interop.any', 'echo', { match: 'prefix' })
          await callee.register('interop.turns', 'echo', { invoke: 'roundrobin' })
          await other.register('interop.turns', 'echo', { invoke: 'roundrobin' })
          for (const caller of clients) {
            const answer = await caller.call('interop.any.thing', [5], {})
            expect(answer.args).to.deep.equal([5])
            expect((await caller.call('interop.turns', [6], {})).args).to.deep.equal([6])
          }
          await callee.unregister('interop.turns')
          expect((await callee.call('interop.turns', [7], {})).args).to.deep.equal([7])
          await other.unregister('interop.turns')
          await callee.unregister('interop.any')
        })
      }
    })

    async function working(caller: Client, callee: number): Promise<void> {
      expect((await caller.call(`interop.echo.n${callee}`, [1], {})).args).to.deep.equal([1])
    }
  }
})

describe('progressive calls of wampy', () => {
  it('reach a callee that takes them, and come back from one that does not', async () => {
    const router = createRouter({ development: true })
    const { url } = await router.listen({ port: 0, transport: USUAL_TRANSPORT })
    const features = { progressive_call_invocations: true, call_canceling: true }
    const callee = await connect(url)
    await callee.join('realm1', { roles: { callee: { features } } })
    await callee.ask([64, 1, {}, 'interop.sum'])
    const wampy = new Wampy(url, { realm: 'realm1', ws: WebSocket as never, autoReconnect: false })
    await wampy.connect()

    const { result, sendData } = wampy.progressiveCall('interop.sum', 1 as never)
    sendData(2 as never)
    sendData(3 as never, { progress: false } as never)
    const parts = await callee.take(3)
    expect(parts.map(part => [part[1], part[3], part[4]])).to.deep.equal([
      [1, { progress: true }, [1]],
      [1, { progress: true }, [2]],
      [1, {}, [3]],
    ])
    callee.send([70, 1, {}, [6]])
    expect((await result).argsList).to.deep.equal([6])

    await wampy.register('interop.plain', () => ({ argsList: [1] }))
    const refused = wampy.progressiveCall('interop.plain', 1 as never).result
    const { errorUri } = (await refused.catch((e: unknown) => e)) as { errorUri: string }
    expect(errorUri).to.equal('wamp.error.feature_not_supported')
    expect((await wampy.call('interop.plain', [] as never)).argsList).to.deep.equal([1])
    await wampy.disconnect()
    await callee.close()
    await router.close()
  })
})

async function failure(call: Promise<unknown>): Promise<string> {
  try {
    return `resolved with ${JSON.stringify(await call)}`
  } catch (e) {
    if (e instanceof WampError) return e.error
    throw e
  }
}

function sleep(time: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, time))
}
