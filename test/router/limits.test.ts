import { expect } from 'chai'
import type { ConfigInput } from '../../src/config/schema.ts'
import { createRouter, type Router } from '../../src/router.ts'
import {
  connect,
  eventually,
  hangUp,
  hello,
  member,
  type RawClient,
} from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

type RealmInput = NonNullable<ConfigInput['realms']>[number]
type Limits = NonNullable<RealmInput['limits']>
type RoleLimits = NonNullable<RealmInput['roles'][number]['limits']>

const ALL = { call: true, register: true, publish: true, subscribe: true }
const permissions = [{ uri: '', match: 'prefix' as const, allow: ALL }]
const FULL = 'wampd.error.limit_exceeded'
const OVER = 'wampd.error.rate_exceeded'

for (const backend of TRANSPORTS) {
  describe(`limits, over ${backend}`, () => {
    let router: Router
    let url: string

    async function start(limits: Limits = {}, options: object = {}): Promise<void> {
      router = createRouter(configOf(limits, {}, options))
      const [listening] = await router.start()
      url = listening?.url as string
    }

    const configOf = (limits: Limits, ofGuests: RoleLimits, options: object) => ({
      log: { level: 'silent' as const },
      realms: [
        {
          name: 'realm1',
          limits,
          roles: [
            { name: 'guest', permissions, limits: ofGuests },
            { name: 'user', permissions },
          ],
        },
      ],
      authenticators: {
        guests: { anonymous: { role: 'guest' } },
        users: { ticket: { principals: { joe: { ticket: 'secret', role: 'user' } } } },
      },
      transports: [
        {
          id: 'main',
          type: 'websocket' as const,
          endpoint: { port: 0 },
          auth: ['guests', 'users'],
          options: { backend, ...options },
        },
      ],
    })

    const reload = (limits: Limits, ofGuests: RoleLimits = {}, options: object = {}) =>
      router.reload(configOf(limits, ofGuests, options))

    /** HELLO and ticket; gives WELCOME or ABORT. */
    async function joe(): Promise<{ client: RawClient; answer: unknown[] }> {
      const client = await connect(url)
      await client.ask(hello('realm1', { authmethods: ['ticket'], authid: 'joe' }))
      return { client, answer: await client.ask([5, 'secret', {}]) }
    }

    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })

    it('close connections that are too many, and leave those that are there', async () => {
      await start({}, { max_connections: 2 })
      const [one, other] = [await member(url), await member(url)]
      const surplus = await connect(url)
      expect(await surplus.closed).deep.equal({ code: 1013, reason: 'too many connections' })
      expect((await one.ask([32, 1, {}, 'a']))[0]).equal(33)
      await other.close()
      await eventually('one place is free', () => router.status().connections === 1)
      await member(url)
      expect(router.status().counters.refused_connections).equal(1)
    })

    it('count the connections of all paths of a port together', async () => {
      router = createRouter({ development: true })
      const at = await router.listen({ port: 0, transport: backend, maxConnections: 1 })
      await member(at.url.replace(/\/[^/]*$/, '/ws'))
      const surplus = await connect(at.url.replace(/\/[^/]*$/, '/'))
      expect((await surplus.closed).code).equal(1013)
    })

    it('refuse sessions that are too many: ABORT says why', async () => {
      await start({ sessions_per_authid: 1 })
      const first = await joe()
      expect(first.answer[0]).equal(2)
      const second = await joe()
      expect(second.answer.slice(0, 3)).deep.equal([
        3,
        { message: 'of one authid there may be 1 sessions' },
        FULL,
      ])
      await first.client.close()
      await eventually('joe is gone', () => router.status().realms[0]?.sessions === 0)
      expect((await joe()).answer[0]).equal(2)
      const { refused_sessions, denied_handshakes } = router.status().counters
      expect([refused_sessions, denied_handshakes]).deep.equal([1, 1])
    })

    it('hold in one realm, whoever joins at the same moment', async () => {
      await start({ sessions: 3 })
      const all = await Promise.all(Array.from({ length: 8 }, joe))
      const types = all.map(({ answer }) => answer[0]).sort()
      expect(types).deep.equal([2, 2, 2, 3, 3, 3, 3, 3])
      expect(router.status().realms[0]?.sessions).equal(3)
    })

    it('send a client away that floods, and others hear all that was published', async () => {
      await start({ message_rate: '10/s', burst: '1s' })
      const [flooder, listener] = [await member(url), await member(url)]
      await listener.ask([32, 1, {}, 'a'])
      for (let i = 1; i <= 2000; i++) flooder.send([16, i, { acknowledge: true }, 'a', [i]])
      const answers = await flooder.rest()
      const published = answers.filter(([type]) => type === 17).length
      const refused = answers.filter(([type, , , , error]) => type === 8 && error === OVER).length
      expect(answers.at(-1)?.[2]).equal('wampd.close.rate_exceeded')
      expect(answers.length).equal(published + refused + 1)
      expect(published).within(10, 20)
      expect(refused).within(10, 20)
      const events = await listener.take(published)
      expect(events.map(event => (event[4] as number[])[0])).deep.equal(
        Array.from({ length: published }, (_, i) => i + 1),
      )
      expect((await listener.ask([32, 2, {}, 'b']))[0]).equal(33)
      expect(router.status().counters.floods).equal(1)
    })

    it('do not hold for sessions of this process', async () => {
      await start({ message_rate: '1/s', burst: '1s', subscriptions_per_session: 1, sessions: 1 })
      for (const options of [{}, { authrole: 'user' }, {}]) {
        const session = router.session('realm1', options)
        for (let i = 0; i < 5; i++) await session.subscribe(`a${i}`, () => {})
      }
      expect(router.status().realms).deep.equal([
        { name: 'realm1', sessions: 3, subscriptions: 5, registrations: 0, calls: 0, refused: 0 },
      ])
    })

    it('all change at once by a reload, for what comes next; and change back', async () => {
      await start()
      const client = await member(url)
      const other = await joe()
      const registered = await other.client.ask([64, 1, {}, 'slow'])
      expect(registered[0]).equal(65)
      expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
      client.send([48, 2, {}, 'slow'])
      const [, invocation] = await other.client.next()

      const changed = reload(
        {
          sessions: 2,
          sessions_per_authid: 1,
          subscriptions: 1,
          registrations: 1,
          uri_length: 64,
          wildcard_components: 2,
          payload_size: 20,
        },
        {
          sessions: 1,
          subscriptions_per_session: 1,
          registrations_per_session: 0,
          calls_per_session: 1,
          message_rate: '100/s',
          byte_rate: '10KB/s',
          burst: '1s',
        },
        { max_connections: 3 },
      )
      expect(changed.length).equal(15)
      expect(changed.filter(({ reload }) => reload !== 'live')).deep.equal([])

      const errorOf = async (message: unknown) => (await client.ask(message))[4]
      const bad = 'wamp.error.invalid_uri'
      expect(await errorOf([32, 3, {}, 'b'])).equal(FULL)
      expect(await errorOf([64, 4, {}, 'b'])).equal(FULL)
      expect(await errorOf([48, 5, {}, 'slow'])).equal(FULL)
      expect(await errorOf([48, 6, {}, 'x'.repeat(65)])).equal(bad)
      expect(await errorOf([32, 7, { match: 'wildcard' }, 'a..b'])).equal(bad)
      const large = [16, 8, { acknowledge: true }, 'a', ['x'.repeat(30)]]
      expect(await errorOf(large)).equal('wamp.error.payload_size_exceeded')
      expect(await errorOf([32, 9, { x: 'y'.repeat(11_000) }, 'c'])).equal(OVER)
      expect(await errorOf([32, 9, {}, 'c']), 'and what is owed').equal(OVER)
      const surplus = await connect(url)
      expect((await surplus.ask(hello()))[2]).equal(FULL)
      await surplus.closed
      await eventually('it is gone', () => router.status().connections === 2)

      // What was there before stays, and its answers come.
      expect(router.status().realms[0]?.sessions).equal(2)
      other.client.send([70, invocation, {}])
      expect((await client.next())[0]).equal(50)

      reload({})
      expect((await client.ask([32, 10, {}, 'b']))[0]).equal(33)
      expect((await client.ask([64, 11, {}, 'b']))[0]).equal(65)
      await member(url)
      const [load] = router.status().realms
      expect(load).deep.equal({
        ...{ name: 'realm1', sessions: 3, subscriptions: 2, registrations: 2 },
        calls: 0,
        refused: 7,
      })
    })
  })
}
