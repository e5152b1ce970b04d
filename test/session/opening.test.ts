import { expect } from 'chai'
import { MAX_ID } from '../../src/base/ids.ts'
import { ROUTER_ROLES } from '../../src/protocol/features.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { connect, hangUp, hello, member, PROTOCOLS, type RawClient } from '../helpers/raw-client.ts'

const ALL = { call: true, register: true, publish: true, subscribe: true }
const anonymous = {
  name: 'anonymous',
  permissions: [{ uri: '', match: 'prefix' as const, allow: ALL }],
}
const realms = [
  {
    name: 'com.example.one',
    options: { uri_check: 'loose' as const, strict_request_ids: false },
    roles: [anonymous],
  },
  {
    name: 'com.example.strict',
    options: { uri_check: 'loose' as const, strict_request_ids: true },
    roles: [anonymous],
  },
  {
    name: 'com.example.closed',
    options: { uri_check: 'loose' as const, strict_request_ids: false },
    roles: [],
  },
]

describe('opening a session', () => {
  let router: Router
  let url: string
  let development: Router
  let playground: string

  before(async () => {
    router = createRouter({ realms })
    url = (await router.listen({ port: 0, handshakeTimeout: 150 })).url
    development = createRouter({ development: true })
    playground = (await development.listen({ port: 0 })).url
  })
  after(async () => {
    await router.close()
    await development.close()
  })
  afterEach(hangUp)

  /** The ABORT that a HELLO gets; nothing comes behind it but the end of the connection. */
  async function refusal(to: string, message: unknown): Promise<{ reason: unknown; text: string }> {
    const client = await connect(to)
    client.send(message)
    client.send([32, 1, {}, 'behind.the.hello'])
    const answers = await client.rest()
    expect(answers.length).equal(1)
    const [type, details, reason] = answers[0] as [number, { message: string }, string]
    expect(type).equal(3)
    expect((await client.closed).code).oneOf([1000, 1002])
    return { reason, text: details.message }
  }

  it('to an unknown realm is refused', async () => {
    const { reason, text } = await refusal(url, hello('com.example.other'))
    expect(reason).equal('wamp.error.no_such_realm')
    expect(text).contain('com.example.other')
  })

  it('to a realm that is no URI is refused', async () => {
    for (const realm of ['', 'a b', 'a..b', '.a', 'a.', 'a#b', 'a\nb']) {
      for (const to of [url, playground]) {
        expect((await refusal(to, hello(realm))).reason, realm).equal('wamp.error.invalid_uri')
      }
    }
  })

  it('to a realm without a role for anonymous clients is refused', async () => {
    const { reason } = await refusal(url, hello('com.example.closed'))
    expect(reason).equal('wamp.error.no_such_role')
  })

  it('by methods that are not on offer is refused, and those on offer are named', async () => {
    for (const authmethods of [['ticket'], ['wampcra', 'scram'], ['Anonymous'], [1, null]]) {
      const { reason, text } = await refusal(url, hello('com.example.one', { authmethods }))
      expect(reason).equal('wamp.error.no_matching_auth_method')
      expect(text).contain('anonymous')
    }
  })

  it('by anonymous works, whether it is named, one of several, or none is', async () => {
    for (const authmethods of [['anonymous'], ['ticket', 'anonymous'], [], undefined]) {
      const client = await connect(url)
      const [, , details] = await client.join('com.example.one', { authmethods })
      expect(details).property('authmethod').equal('anonymous')
      await client.close()
    }
  })

  it('makes any realm in development', async () => {
    for (const realm of ['realm1', 'Any.Realm/with:chars', 'π.😀']) {
      const client = await connect(playground)
      expect((await client.join(realm))[2])
        .property('realm')
        .equal(realm)
      await client.close()
    }
  })

  it('gives WELCOME with exactly what the router can do, over every serializer', async () => {
    for (const protocol of PROTOCOLS) {
      const client = await connect(url, protocol)
      const [type, id, details, ...more] = await client.join('com.example.one')
      const { authid, ...rest } = details as { authid: string }
      expect([type, more]).deep.equal([2, []])
      expect(id).satisfy((n: number) => Number.isInteger(n) && n >= 1 && n <= MAX_ID)
      expect(rest).deep.equal({
        realm: 'com.example.one',
        authrole: 'anonymous',
        authprovider: 'static',
        authmethod: 'anonymous',
        roles: ROUTER_ROLES,
        agent: 'wampd',
      })
      expect(authid).a('string').not.empty
      await client.close()
    }
  })

  it('gives every anonymous session an authid of its own, whatever it asks for', async () => {
    const ids = new Set()
    for (const authid of ['admin', 'admin', undefined]) {
      const client = await connect(url)
      const [, , details] = await client.join('com.example.one', { authid, authrole: 'admin' })
      const given = details as { authid: string; authrole: string }
      expect(given.authid).not.equal('admin')
      expect(given.authrole).equal('anonymous')
      ids.add(given.authid)
      await client.close()
    }
    expect(ids.size).equal(3)
  })

  it('gives session ids that are random over 1..2^53 and distinct', async () => {
    const client = await connect(url)
    const ids: number[] = []
    for (let i = 0; i < 300; i++) {
      ids.push((await client.join('com.example.one'))[1] as number)
      await client.ask([6, {}, 'wamp.close.close_realm'])
    }
    expect(new Set(ids).size).equal(ids.length)
    for (const id of ids) {
      expect(id).satisfy((n: number) => Number.isInteger(n) && n >= 1 && n <= MAX_ID)
    }
    // Each half of the range has its share: the chance of fewer than 90 of 300 is below 10^-12.
    const high = ids.filter(id => id > MAX_ID / 2).length
    expect(high).within(90, 210)
    await client.close()
  })

  it('takes clients that announce strange roles and features', async () => {
    const strange = [
      { subscriber: {} },
      { subscriber: { features: null } },
      { subscriber: { features: { unknown: true, publisher_exclusion: 'yes' } } },
      { callee: { call_canceling: true } },
      { subscriber: null, publisher: true, astronaut: {} },
      { ['__proto__']: { features: {} }, subscriber: { ['__proto__']: 1 } },
    ]
    for (const roles of strange) {
      const client = await connect(url)
      await client.join('com.example.one', { roles, agent: '\u001b[31mred\r\nX: y', extra: [{}] })
      expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
      await client.close()
    }
  })

  it('serves what is pipelined behind HELLO', async () => {
    const client = await connect(url)
    client.send(hello('com.example.one'))
    client.send([32, 1, {}, 'a'])
    client.send([16, 2, { exclude_me: false }, 'a', ['early']])
    const [welcome, subscribed, event] = await client.take(3)
    expect([welcome?.[0], subscribed?.[0], event?.[4]]).deep.equal([2, 33, ['early']])
    await client.close()
  })

  it('keeps realms apart', async () => {
    const here = await member(playground, 'wamp.2.json', 'realm.here')
    const there = await member(playground, 'wamp.2.json', 'realm.there')
    await here.ask([32, 1, { match: 'prefix' }, ''])
    await here.ask([64, 2, {}, 'a.procedure'])
    expect((await there.ask([16, 1, { acknowledge: true }, 'a.topic']))[0]).equal(17)
    expect((await there.ask([48, 2, {}, 'a.procedure']))[4]).equal('wamp.error.no_such_procedure')
    expect((await there.ask([64, 3, {}, 'a.procedure']))[0]).equal(65)
    expect((await here.ask([48, 3, {}, 'none']))[0], 'no event came').equal(8)
    await here.close()
    await there.close()
  })

  it('takes time for a while only: who says no HELLO is disconnected', async () => {
    const client = await connect(url)
    expect((await client.closed).reason).contain('HELLO')
  })

  it('leaves a session alone once it is open', async () => {
    const client = await member(url, 'wamp.2.json', 'com.example.one')
    await new Promise(resolve => setTimeout(resolve, 250))
    expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
    await client.close()
  })

  describe('with strict request ids', () => {
    let client: RawClient
    beforeEach(async () => {
      client = await member(url, 'wamp.2.json', 'com.example.strict')
    })

    it('takes ids that count from 1 over all kinds of requests', async () => {
      const [, , subscription] = await client.ask([32, 1, {}, 'a'])
      expect((await client.ask([64, 2, {}, 'a']))[0]).equal(65)
      client.send([16, 3, {}, 'a'])
      client.send([48, 4, {}, 'a'])
      const [, invocation] = await client.next()
      expect(await client.ask([70, invocation, {}])).deep.equal([50, 4, {}])
      client.send([49, 4, {}])
      expect(await client.ask([34, 5, subscription])).deep.equal([35, 5])
      await client.ask([6, {}, 'wamp.close.close_realm'])
      await client.join('com.example.strict')
      expect((await client.ask([32, 1, {}, 'a']))[0], 'a new session counts anew').equal(33)
      await client.close()
    })

    for (const [name, ids] of Object.entries({
      'a gap': [1, 3],
      'a repetition': [1, 1],
      'a step back': [1, 2, 1],
      'a first id that is not 1': [2],
    })) {
      it(`ends the session for ${name}`, async () => {
        for (const id of ids) client.send([32, id, {}, 'a'])
        const answers = await client.rest()
        const [type, details, reason] = answers.at(-1) as [number, { message: string }, string]
        expect(answers.length).equal(ids.length)
        expect([type, reason]).deep.equal([3, 'wamp.error.protocol_violation'])
        expect(details.message).contain(`request id ${ids.at(-1)}`)
      })
    }
  })

  it('without strict request ids takes any, also repeated ones', async () => {
    const client = await member(url, 'wamp.2.json', 'com.example.one')
    for (const id of [77, 5, 5, MAX_ID, 1, 4242424242]) {
      expect((await client.ask([32, id, {}, 'a'])).slice(0, 2)).deep.equal([33, id])
    }
    await client.close()
  })
})
