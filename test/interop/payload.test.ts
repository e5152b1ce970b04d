import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'
import type { Client, Kwargs, Payload } from './client.ts'
import { mapLeaves } from './client.ts'
import { allKinds, closeAll } from './kinds.ts'
import { startPython } from './python.ts'

const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
const args = [
  'grüß 漢字 🦀 a\0b "quoted" \\ \n',
  ...[0, 1, -1, 127, 128, 255, 256, -128, -129, 65_536, -65_537, 2 ** 31, -(2 ** 31), 2 ** 32],
  ...[-(2 ** 32) - 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER],
  ...[0.1, -2.5, 1e300, 5e-324],
  ...[true, false, null, '', [], {}],
  ...[bytes, Buffer.alloc(0)],
  [[1, [2, [3, []]]], { a: { b: [{ c: null }] } }],
]
const kwargs = {
  text: '\u{10ffff} e\u0301',
  'ключ 🦀': { bytes, list: [bytes, 'x'.repeat(300)] },
  none: null,
  no: false,
  list: [],
  dict: {},
}

describe('a payload between real clients', () => {
  let router: ReturnType<typeof createRouter>
  let clients: Client[] = []
  const procedure = (client: Client) => `interop.echo.${clients.indexOf(client)}`

  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    router = createRouter({ development: true })
    await startPython()
    const { url } = await router.listen({ port: 0, transport: USUAL_TRANSPORT })
    clients = await Promise.all(allKinds.map(kind => kind.connect(url)))
    await Promise.all(clients.map(client => client.register(procedure(client), 'echo')))
  })

  after(async () => {
    await closeAll(clients)
    await router.close()
  })

  for (const [index, { name }] of allKinds.entries()) {
    it(`published by ${name} reaches every other unchanged`, async () => {
      const events = await publishToOthers(clients[index] as Client, args, kwargs)
      for (const [client, event] of events) expectUnchanged(await event, client)
    })

    it(`called by ${name} comes back from every other unchanged`, async () => {
      const caller = clients[index] as Client
      for (const callee of clients) {
        expectUnchanged(await caller.call(procedure(callee), args, kwargs), callee)
      }
    })
  }

  for (const [index, { name }] of allKinds.entries()) {
    if (name.includes('Python')) continue
    it(`with a Uint8Array published by ${name} reaches every other as bytes`, async () => {
      const payload = { args: [new Uint8Array([0, 127, 255])], kwargs: {} }
      const events = await publishToOthers(clients[index] as Client, payload.args, {})
      for (const [client, event] of events) {
        expect(readable(await event), client.name).to.deep.equal(readable(payload))
      }
    })
  }

  async function publishToOthers(publisher: Client, args: unknown[], kwargs: Kwargs) {
    const topic = 'interop.topic'
    const others = clients.filter(client => client !== publisher)
    const events = new Map<Client, Promise<Payload>>()
    await Promise.all(
      others.map(client => {
        let arrived: (event: Payload) => void
        events.set(client, new Promise(resolve => (arrived = resolve)))
        return client.subscribe(topic, event => arrived(event))
      }),
    )
    await publisher.publish(topic, args, kwargs)
    await Promise.all(events.values())
    await Promise.all(others.map(client => client.unsubscribe(topic)))
    return events
  }
})

function expectUnchanged(payload: Payload, client: Client) {
  expect(readable(payload), client.name).to.deep.equal(readable({ args, kwargs }))
}

/** Bytes as hex: libraries give Buffer or Uint8Array, and a failure shall be legible. */
function readable(payload: Payload) {
  return mapLeaves(payload, leaf =>
    leaf instanceof Uint8Array ? `bytes ${Buffer.from(leaf).toString('hex')}` : leaf,
  )
}
