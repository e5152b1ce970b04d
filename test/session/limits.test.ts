import { expect } from 'chai'
import { createRouter, type Router } from '../../src/index.ts'
import { connect, eventually, hangUp, hello } from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

for (const transport of TRANSPORTS) {
  describe(`before WELCOME, over ${transport}`, () => {
    let router: Router
    let url: string
    beforeEach(async () => {
      router = createRouter({ development: true })
      const limits = { maxHandshakes: 2, maxHelloSize: 1024 }
      url = (await router.listen({ port: 0, transport, ...limits })).url
    })
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })

    it('there are only so many connections at a time', async () => {
      const [one, other] = [await connect(url), await connect(url)]
      const surplus = await connect(url)
      expect((await surplus.closed).code).equal(1013)
      await one.join()
      const next = await connect(url)
      await next.join()
      await other.join()
    })

    it('those that are gone do not count', async () => {
      for (let i = 0; i < 5; i++) {
        await (await connect(url)).close()
        await eventually('all gone', () => router.status().connections === 0)
      }
      await (await connect(url)).join()
    })

    it('a session that has ended counts again', async () => {
      const one = await connect(url)
      await one.join()
      await connect(url)
      await connect(url)
      expect((await one.ask([6, {}, 'wamp.close.close_realm']))[0]).equal(6)
      expect((await one.closed).code).equal(1013)
    })

    it('messages are small', async () => {
      const one = await connect(url)
      const [type, , reason] = await one.ask(
        hello('realm1', { authextra: { x: 'y'.repeat(1024) } }),
      )
      expect([type, reason]).deep.equal([3, 'wamp.error.protocol_violation'])
      expect((await one.closed).code).equal(1002)
      const other = await connect(url)
      await other.join()
      expect((await other.ask([48, 1, {}, 'a.b', ['y'.repeat(1024)]]))[0]).equal(8)
    })
  })
}
