import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { connect, hangUp, hello, member, pause, type RawClient } from '../helpers/raw-client.ts'
import { handshake, RawSocket } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const RESTART = { code: 1012, reason: 'the router restarts' }

for (const transport of TRANSPORTS) {
  describe(`draining a router on ${transport}`, () => {
    let router: Router
    let url: string
    let port: number

    beforeEach(async () => {
      router = createRouter({ development: true })
      const limits = { maxMessageSize: 16 << 20, sendBuffer: 32 << 20 }
      const listening = await router.listen({ port: 0, transport, ...limits })
      url = listening.url
      port = listening.port
    })
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })

    /** A client that has registered a procedure, which answers when it is told to. */
    async function callee(procedure = 'slow'): Promise<RawClient> {
      const client = await member(url)
      expect((await client.ask([64, 1, {}, procedure]))[0]).equal(65)
      return client
    }

    /** Calls; gives the id of the invocation. */
    async function call(from: RawClient, to: RawClient, request = 1): Promise<unknown> {
      from.send([48, request, {}, 'slow', [request]])
      const [type, invocation] = await to.next()
      expect(type).equal(68)
      return invocation
    }

    it('sends clients away so that they come back', async () => {
      const clients = await Promise.all([member(url), member(url), connect(url)])
      await router.drain()
      for (const client of clients) expect(await client.closed).deep.equal(RESTART)
      expect(router.status()).include({ state: 'closed', ready: false, connections: 0 })
    })

    it('for good says GOODBYE when the calls are answered', async () => {
      const to = await callee()
      const from = await member(url)
      const invocation = await call(from, to)
      const drained = router.drain({ final: true })
      await pause(100)
      to.send([70, invocation, {}, ['done']])
      expect(await from.next()).deep.equal([50, 1, {}, ['done']])
      for (const client of [from, to]) {
        const [type, , reason] = await client.next()
        expect([type, reason]).deep.equal([6, 'wamp.close.system_shutdown'])
        client.send([6, {}, 'wamp.close.goodbye_and_out'])
        expect((await client.closed).code).equal(1000)
      }
      await drained
    })

    it('takes no new sessions, on new connections and on those that are there', async () => {
      const busy = await callee()
      await call(busy, busy)
      const silent = await connect(url)
      const early = new RawSocket(port)
      await pause(50)
      const drained = router.drain({ grace: 1000, slice: 1 })
      expect(router.status()).include({ state: 'draining', ready: false })
      expect(() => router.session('realm1')).throw('the router is closed')
      silent.send(hello())
      expect(await silent.rest()).deep.equal([])
      expect(await silent.closed).deep.equal(RESTART)
      early.write(handshake())
      expect((await early.answer())?.status ?? 503, 'refused, or cut off').equal(503)
      const late = await connect(url).catch(error => error as Error)
      expect(late).instanceOf(Error)
      await drained
    })

    it('opens no session on a connection whose session has just ended', async () => {
      const from = await member(url)
      const to = await callee()
      await call(from, to)
      const drained = router.drain({ grace: 500 })
      expect(await from.ask([6, {}, 'wamp.close.close_realm'])).deep.equal([
        6,
        {},
        'wamp.close.goodbye_and_out',
      ])
      from.send(hello())
      expect(await from.rest()).deep.equal([])
      expect(await from.closed).deep.equal(RESTART)
      await drained
    })

    it('lets running calls finish before either end goes, and refuses others', async () => {
      const to = await callee()
      const from = await member(url)
      const invocations = [await call(from, to, 1), await call(from, to, 2)]
      const drained = router.drain()
      await pause(100)
      from.send([48, 3, {}, 'slow'])
      expect(await from.next()).deep.equal([
        8,
        48,
        3,
        {},
        'wamp.error.unavailable',
        ['the router is going down'],
      ])
      to.send([70, invocations[0], {}, ['one']])
      expect(await from.next()).deep.equal([50, 1, {}, ['one']])
      await pause(100)
      expect(from.socket.readyState, 'it waits for the other').equal(1)
      to.send([8, 68, invocations[1], {}, 'my.error'])
      expect(await from.rest()).deep.equal([[8, 48, 2, {}, 'my.error']])
      expect(await from.closed).deep.equal(RESTART)
      expect(await to.rest()).deep.equal([])
      expect(await to.closed).deep.equal(RESTART)
      await drained
    })

    it('lets a callee call others for the answer that it owes', async () => {
      const to = await callee()
      const other = await callee('other')
      const from = await member(url)
      const invocation = await call(from, to)
      const drained = router.drain()
      await pause(150)
      expect((await to.ask([32, 8, {}, 'all.else.goes.on']))[0]).equal(33)
      to.send([48, 9, {}, 'other'])
      other.send([70, (await other.next())[1], {}, [42]])
      expect(await to.next()).deep.equal([50, 9, {}, [42]])
      to.send([70, invocation, {}, [43]])
      expect(await from.rest()).deep.equal([[50, 1, {}, [43]]])
      await drained
      expect(await to.rest()).deep.equal([])
    })

    it('ends at the end of the grace time, whatever runs', async () => {
      const to = await callee()
      const from = await member(url)
      await call(from, to)
      const start = Date.now()
      await router.drain({ grace: 300 })
      expect(Date.now() - start).within(250, 2000)
      expect(await from.closed).deep.equal(RESTART)
    })

    it('is cut short by close', async () => {
      const to = await callee()
      const from = await member(url)
      await call(from, to)
      const drained = router.drain({ grace: 60_000 })
      const start = Date.now()
      await Promise.all([router.close(), drained])
      expect(Date.now() - start).below(1500)
      expect(await from.closed).deep.equal(RESTART)
    })

    it('gives a slow reader the answer that it waits for', async function () {
      this.timeout(15_000)
      const to = await callee()
      const from = await member(url)
      const invocation = await call(from, to)
      const text = 'x'.repeat(8 << 20)
      from.socket.pause()
      const drained = router.drain()
      to.send([70, invocation, {}, [text]])
      // Longer than a connection may take to close.
      await pause(2200)
      from.socket.resume()
      const [type, , , args] = await from.next()
      expect([type, (args as [string])[0] === text]).deep.equal([50, true])
      expect(await from.closed).deep.equal(RESTART)
      await drained
    })

    it('keeps callees of the application until the clients are gone', async () => {
      const local = router.session('realm1')
      let finish = () => {}
      await local.register('slow', () => new Promise<void>(resolve => (finish = resolve)))
      await local.register('quick', () => 'quick')
      const from = await member(url)
      const through = await callee('through')
      from.send([48, 1, {}, 'slow'])
      from.send([48, 2, {}, 'through'])
      const [, invocation] = await through.next()
      const drained = router.drain()
      await pause(150)
      through.send([48, 2, {}, 'quick'])
      expect(await through.next()).deep.equal([50, 2, {}, ['quick']])
      through.send([70, invocation, {}])
      finish()
      expect((await from.take(2)).map(([type]) => type)).deep.equal([50, 50])
      expect(await from.rest()).deep.equal([])
      expect(await local.closed).equal('wamp.close.system_shutdown')
      await drained
    })

    it('lets sessions of the application finish their calls, and make others only to answer', async () => {
      const local = router.session('realm1')
      await local.register('own', () => local.call('inner'))
      const to = await callee()
      await to.ask([64, 2, {}, 'inner'])
      const running = local.call('slow')
      const [, invocation] = await to.next()
      to.send([48, 3, {}, 'own'])
      const [, inner] = await to.next()
      const drained = router.drain()
      await pause(100)
      to.send([70, inner, {}, ['inside']])
      expect(await to.next()).deep.equal([50, 3, {}, ['inside']])
      const error = await local.call('slow').catch(error => error)
      expect(error).property('uri', 'wamp.error.unavailable')
      to.send([70, invocation, {}, ['done']])
      expect(await running).equal('done')
      await drained
    })
  })
}
