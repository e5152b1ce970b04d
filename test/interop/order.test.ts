import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import type { Client } from './client.ts'
import { allKinds, closeAll } from './kinds.ts'
import { startPython } from './python.ts'

// MessagePack, because Autobahn|JS writes CBOR in the background and keeps no order itself.
const kinds = allKinds.filter(({ name }) => name.endsWith('msgpack'))

describe('the order between real clients', () => {
  let router: ReturnType<typeof createRouter>
  let clients: Client[] = []

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    router = createRouter({ development: true })
    await startPython()
    const { url } = await router.listen({ port: 0, transport: USUAL_TRANSPORT })
    clients = await Promise.all(kinds.map(kind => kind.connect(url)))
  })

  after(async () => {
    await closeAll(clients)
    await router.close()
  })

  for (const [index, { name }] of kinds.entries()) {
    it(`keeps 1,000 events of ${name} in order for every other`, async () => {
      const publisher = clients[index] as Client
      const others = clients.filter(client => client !== publisher)
      const topic = `interop.count.${index}`
      const received = await Promise.all(others.map(client => collect(client, topic, 1000)))
      await publisher.publishMany(topic, 1000)
      const counted = Array.from({ length: 1000 }, (_, i) => i)
      for (const numbers of received) expect(await numbers.all).to.deep.equal(counted)
    })

    it(`gives ${name} the answer to each of 200 calls at once`, async () => {
      const caller = clients[index] as Client
      const callee = clients[(index + 1) % clients.length] as Client
      const procedure = `interop.echo.${index}`
      await callee.register(procedure, 'echo')
      const numbers = Array.from({ length: 200 }, (_, i) => i)
      const results = await Promise.all(numbers.map(i => caller.call(procedure, [i], {})))
      expect(results.map(({ args }) => args[0])).to.deep.equal(numbers)
    })
  }
})

/** Subscribes; `all` is what came once `count` events are there. */
async function collect(client: Client, topic: string, count: number) {
  const numbers: unknown[] = []
  let complete: () => void
  const all = new Promise<unknown[]>(resolve => {
    complete = () => resolve(numbers)
  })
  await client.subscribe(topic, ({ args }) => {
    numbers.push(args[0])
    if (numbers.length === count) complete()
  })
  return { all }
}
