import { expect } from 'chai'
import { createRouter } from '../../src/index.ts'
import { freePort } from '../helpers/free-port.ts'
import { TRANSPORTS } from '../helpers/transports.ts'
import type { ClientKind } from './client.ts'
import { jsonKinds } from './kinds.ts'
import { startPython } from './python.ts'

const development = { development: true }

describe('a router that goes', () => {
  before(async function () {
    this.timeout(300_000) // the Python clients may have to be installed first
    await startPython()
  })

  for (const transport of TRANSPORTS) {
    // What Autobahn|Python's ApplicationRunner opens it does not open again.
    for (const kind of jsonKinds.filter(({ name }) => !name.includes('Python'))) {
      it(`gets ${kind.name} back after a restart of ${transport}`, async () => {
        const first = createRouter(development)
        const port = await freePort()
        const { url } = await first.listen({ port, transport })
        let onReturn = () => {}
        const returned = new Promise<void>(resolve => {
          onReturn = resolve
        })
        const client = await kind.connect(url, onReturn)
        await first.close()

        const second = createRouter(development)
        await second.listen({ port, transport })
        await returned
        await client.publish('interop.topic', ['back'], {})
        await client.close()
        await second.close()
      })
    }

    it(`tells all that it shuts down for good over ${transport}`, async () => {
      const router = createRouter(development)
      const { url } = await router.listen({ port: 0, transport })
      const clients = await Promise.all(jsonKinds.map(kind => kind.connect(url)))
      await router.close({ final: true })
      const reasons = await Promise.all(clients.map(({ left }) => left))
      expect(reasons).to.deep.equal(jsonKinds.map(shutdownSeenBy))
    })
  }

  it('loses its clients for good when it says that it ends', async () => {
    const first = createRouter(development)
    const port = await freePort()
    const { url } = await first.listen({ port })
    let returns = 0
    const kinds = jsonKinds.filter(({ name }) => !name.includes('Python'))
    const clients = await Promise.all(kinds.map(kind => kind.connect(url, () => returns++)))
    await first.close({ final: true })
    await Promise.all(clients.map(({ left }) => left))

    const second = createRouter(development)
    await second.listen({ port })
    await new Promise(resolve => setTimeout(resolve, 1000))
    await second.close()
    expect(returns).to.equal(0)
  })
})

/** wampy does not show why it was sent away. */
function shutdownSeenBy({ name }: ClientKind): string {
  return name.startsWith('wampy') ? '' : 'wamp.close.system_shutdown'
}
