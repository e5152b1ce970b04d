import { createHmac } from 'node:crypto'
import { expect } from 'chai'
import { createRouter, type Router, type RouterOptions, WampError } from '../../src/index.ts'
import { errorLog } from '../helpers/error-log.ts'
import { connect, hangUp, hello, type RawClient, type Wamp } from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const allow = { call: true, register: true, publish: true, subscribe: true }
const all = [{ uri: '', match: 'prefix', allow } as const]
const REALMS: NonNullable<RouterOptions['realms']> = [
  { name: 'realm1', roles: [{ name: 'user', permissions: all }] },
  { name: 'backend', roles: [{ name: 'backend', permissions: all }] },
]
const DENIED = 'wamp.error.authentication_denied'
const FAILED = 'wamp.error.authentication_failed'

const wampcra = { principals: { joe: { secret: 'sesame', role: 'user' } } }

for (const transport of TRANSPORTS) {
  describe(`authentication over ${transport}`, () => {
    let router: Router
    let url: string
    let client: RawClient

    async function serve(options: RouterOptions): Promise<void> {
      router = createRouter({ realms: REALMS, logger: errorLog(), ...options })
      url = (await router.listen({ port: 0, transport })).url
      client = await connect(url)
    }
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })

    const greet = (method: string, details: object = { authid: 'joe' }) =>
      client.ask(hello('realm1', { authmethods: [method], ...details }))
    const sign = (challenge: Wamp) => {
      const { challenge: text } = challenge[2] as { challenge: string }
      return createHmac('sha256', 'sesame').update(text).digest('base64')
    }
    const refused = async (message: unknown, uri: string, code: number) => {
      const [type, , reason] = await client.ask(message)
      expect([type, reason]).deep.equal([3, uri])
      expect(await client.rest()).deep.equal([])
      expect((await client.closed).code).equal(code)
    }

    it('goes over CHALLENGE and AUTHENTICATE to WELCOME, with the id of the challenge', async () => {
      await serve({ authenticators: { a: { wampcra } } })
      const challenge = await greet('wampcra')
      expect(challenge.slice(0, 2)).deep.equal([4, 'wampcra'])
      const [type, session, details] = await client.ask([5, sign(challenge), {}])
      expect(type).equal(2)
      const { challenge: text } = challenge[2] as { challenge: string }
      expect(JSON.parse(text).session).equal(session)
      expect(details).include({
        ...{ realm: 'realm1', authid: 'joe', authrole: 'user' },
        ...{ authmethod: 'wampcra', authprovider: 'static' },
      })
      // Nothing of the challenge is of use any more.
      await refused([5, sign(challenge), {}], 'wamp.error.protocol_violation', 1002)
    })

    it('ends with an ABORT after one wrong proof', async () => {
      await serve({ authenticators: { a: { wampcra } } })
      await greet('wampcra')
      await refused([5, 'guess', {}], DENIED, 1000)
    })

    const outOfTurn: Record<string, { begun: boolean; message: unknown }> = {
      'AUTHENTICATE before HELLO': { begun: false, message: [5, 'x', {}] },
      'a second HELLO': { begun: true, message: hello() },
      'a request before WELCOME': { begun: true, message: [32, 1, {}, 'a.b'] },
      'GOODBYE before WELCOME': { begun: true, message: [6, {}, 'a.b'] },
      'a signature that is no text': { begun: true, message: [5, 7, {}] },
      'an extra that is no dict': { begun: true, message: [5, 'x', []] },
      'an AUTHENTICATE without extra': { begun: true, message: [5, 'x'] },
    }
    for (const [what, { begun, message }] of Object.entries(outOfTurn)) {
      it(`takes ${what} for a breach of the protocol`, async () => {
        await serve({ authenticators: { a: { wampcra } } })
        if (begun) await greet('wampcra')
        await refused(message, 'wamp.error.protocol_violation', 1002)
      })
    }

    it('does not answer an ABORT of the client', async () => {
      await serve({ authenticators: { a: { wampcra } } })
      await greet('wampcra')
      client.send([3, {}, 'wamp.error.canceled'])
      expect(await client.rest()).deep.equal([])
    })

    it('asks the sources of a method one after the other', async () => {
      const other = { principals: { ann: { secret: 'sesame', role: 'user' } } }
      await serve({ authenticators: { a: { wampcra: other }, b: { wampcra } } })
      for (const authid of ['joe', 'ann']) {
        client = await connect(url)
        const challenge = await greet('wampcra', { authid })
        expect((await client.ask([5, sign(challenge), {}]))[0]).equal(2)
      }
    })

    it('asks the application, where it has a hook', async () => {
      await serve({
        authenticate: {
          methods: ['ticket'],
          check: ({ authid, ticket }) => {
            if (authid === 'ann') throw new WampError('com.example.locked', ['no more'])
            return ticket === 'sesame' ? { role: 'user', extra: { seat: 7 } } : null
          },
        },
      })
      await greet('ticket')
      const [, , details] = await client.ask([5, 'sesame', {}])
      expect(details).deep.include({ authid: 'joe', authrole: 'user', authextra: { seat: 7 } })
      for (const [authid, uri] of [
        ['joe', DENIED],
        ['ann', 'com.example.locked'],
      ]) {
        client = await connect(url)
        await greet('ticket', { authid })
        await refused([5, 'guess', {}], String(uri), 1000)
      }
    })

    it('asks a procedure, and refuses where that is not there', async () => {
      const [procedure, realm] = ['com.example.authenticate', 'backend']
      const dynamic = { procedure, realm, methods: ['wampcra' as const] }
      await serve({ authenticators: { a: { dynamic } } })
      await refused(hello('realm1', { authmethods: ['wampcra'], authid: 'joe' }), FAILED, 1000)
      const calls: unknown[] = []
      const backend = router.session('backend', { authrole: 'backend' })
      await backend.register(procedure, args => {
        calls.push(args)
        return { role: 'user', secret: 'sesame' }
      })
      client = await connect(url)
      const challenge = await greet('wampcra')
      expect((await client.ask([5, sign(challenge), {}]))[0]).equal(2)
      expect(calls).lengthOf(1)
      expect((calls[0] as unknown[]).slice(0, 2)).deep.equal(['realm1', 'joe'])
    })

    it('refuses who is let in to a role that the realm does not have', async () => {
      const principals = { joe: { secret: 'sesame', role: 'backend' } }
      await serve({ authenticators: { a: { wampcra: { principals } } } })
      const challenge = await greet('wampcra')
      await refused([5, sign(challenge), {}], 'wamp.error.no_such_role', 1000)
    })

    it('never lets a secret out, in messages or in the log', async () => {
      const lines: string[] = []
      const log = (facts: object, text: string) => lines.push(text + JSON.stringify(facts))
      const logger = { error: log, warn: log, info: log, debug: log }
      await serve({ authenticators: { a: { wampcra } }, logger })
      const challenge = await greet('wampcra')
      const abort = await client.ask([5, 'a-wrong-signature', {}])
      await client.closed
      expect(lines.join('')).contain(DENIED)
      for (const secret of ['sesame', 'a-wrong-signature']) {
        expect(JSON.stringify([challenge, abort, ...lines])).not.contain(secret)
      }
    })
  })
}
