import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigError } from '../../src/config/load.ts'
import type { RealmInput } from '../../src/config/schema.ts'
import { WampError } from '../../src/protocol/errors.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { StoreError } from '../../src/store/store.ts'

const ALL = { call: true, register: true, publish: true, subscribe: true }
const EVERYTHING = { uri: '', match: 'prefix', allow: ALL } as const

describe('the keys of a realm', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-keys-'))
  let router: Router | undefined

  afterEach(() => router?.close())
  after(() => rmSync(folder, { recursive: true }))

  function open(realm: Partial<RealmInput>): Router {
    const roles = [{ name: 'user', permissions: [EVERYTHING] }]
    router = createRouter({ realms: [{ name: 'realm1', roles, ...realm }] })
    return router
  }

  /** The URI of the error that a promise is rejected with. */
  async function failure(promise: Promise<unknown>): Promise<string> {
    const error = await promise.then(
      () => expect.fail('did not fail'),
      error => error,
    )
    expect(error).instanceOf(WampError)
    return error.uri
  }

  it('limit calls, for a role if it says so, and change while it runs', async () => {
    const roles = [
      { name: 'user', permissions: [EVERYTHING] },
      { name: 'hasty', permissions: [EVERYTHING], rpc: { call_timeout: '20ms' } },
    ]
    const running = open({ roles })
    const service = running.session('realm1')
    await service.register('slow', () => new Promise(resolve => setTimeout(resolve, 150)))
    const user = running.session('realm1', { authrole: 'user' })
    const hasty = running.session('realm1', { authrole: 'hasty' })
    expect(await failure(hasty.call('slow'))).equal('wamp.error.timeout')
    expect(await user.call('slow')).equal(undefined)
    const realms = [{ name: 'realm1', rpc: { max_call_timeout: 30 }, roles }]
    const changes = running.reload({ realms })
    expect(changes.map(({ path, reload }) => [path, reload])).deep.equal([
      ['realms[realm1].rpc.max_call_timeout', 'live'],
    ])
    expect(await failure(user.call('slow'))).equal('wamp.error.timeout')
  })

  it('let a role take registrations over', async () => {
    const roles = [
      { name: 'user', permissions: [EVERYTHING] },
      { name: 'service', permissions: [EVERYTHING], rpc: { takeover: 'registrations' as const } },
    ]
    const running = open({ roles })
    const who = { authid: 'joe', authrole: 'service' }
    const first = await running.session('realm1', who).register('a', () => 1)
    const second = running.session('realm1', who)
    await second.register('a', () => 2)
    expect(await first.revoked).equal('wampd.registration.replaced')
    expect(await second.call('a')).equal(2)
    const other = running.session('realm1', { authid: 'joe', authrole: 'user' })
    expect(await failure(other.register('a', () => 3))).equal('wamp.error.procedure_already_exists')
  })

  it('disclose callers and publishers, and say how far they are trusted', async () => {
    const rule = {
      ...EVERYTHING,
      disclose: { caller: 'always', publisher: 'always' },
      trust_level: 3,
    } as const
    const running = open({ roles: [{ name: 'user', permissions: [rule] }] })
    const service = running.session('realm1')
    const user = running.session('realm1', { authrole: 'user' })
    await service.register('who', (_, __, { caller, trustlevel }) => [caller, trustlevel])
    expect(await user.call('who')).deep.equal([user.id, 3])
    const heard = new Promise<unknown[]>(resolve => {
      void service.subscribe('news', (_, __, { publisher, trustlevel }) => {
        resolve([publisher, trustlevel])
      })
    })
    await user.publish('news', [], {}, { acknowledge: true })
    expect(await heard).deep.equal([user.id, 3])
  })

  it('keep histories and retained events, on disk where they say so', async () => {
    const kept: Partial<RealmInput> = {
      store: { type: 'lmdb', path: join(folder, 'a.mdb') },
      event_history: [{ uri: 'news.', match: 'prefix', limit: 2, max_age: '1h' }],
    }
    const options = { acknowledge: true, retain: true }
    const publisher = open(kept).session('realm1')
    for (const text of ['one', 'two', 'three']) {
      await publisher.publish('news.today', [text], {}, options)
    }
    await router?.close()
    const reader = open(kept).session('realm1')
    const [id] = await reader.call<number[]>('wamp.subscription.match', ['news.today'])
    const events = await reader.call('wamp.subscription.get_events', [id])
    expect(JSON.stringify(events)).contains('"two"').contains('"three"').not.contains('"one"')
    const retained = new Promise(resolve => {
      void reader.subscribe('news.today', ([text]) => resolve(text), { get_retained: true })
    })
    expect(await retained).equal('three')
  })

  it('bound what is retained, and change while it runs', async () => {
    const running = open({ retained_events: { limit: 2 } })
    const session = running.session('realm1')
    const topics = async () => {
      const heard: unknown[] = []
      const handle = await session.subscribe('', (_, __, { topic }) => heard.push(topic), {
        match: 'prefix',
        get_retained: true,
      })
      await new Promise(resolve => setTimeout(resolve, 20))
      await handle.end()
      return heard
    }
    for (const topic of ['a', 'b', 'c']) await session.publish(topic, [], {}, { retain: true })
    expect((await topics()).sort()).deep.equal(['b', 'c'])
    const roles = [{ name: 'user', permissions: [EVERYTHING] }]
    running.reload({ realms: [{ name: 'realm1', roles, retained_events: { limit: 1 } }] })
    expect(await topics()).deep.equal(['c'])
  })

  it('are refused where they do not fit together', () => {
    const message = (realm: Partial<RealmInput>) => {
      try {
        open(realm)
      } catch (error) {
        expect(error).instanceOf(ConfigError)
        return (error as Error).message
      }
      return expect.fail('was not refused')
    }
    expect(message({ store: { type: 'lmdb' } })).contains('realms[0].store: ')
    expect(message({ event_history: [{ uri: 'a..b' }] })).contains('event_history[0].uri: "a..b"')
    const twice = [{ uri: 'a' }, { uri: 'a', limit: 3 }]
    expect(message({ event_history: twice })).contains('event_history[1].uri')
  })

  it('name a store that cannot be opened, at the start and on a reload', async () => {
    const roles = [{ name: 'user', permissions: [EVERYTHING] }]
    const store = { type: 'lmdb', path: folder } as const
    expect(() => open({ store })).throws(StoreError, folder)
    const running = open({})
    const realms = [
      { name: 'realm1', roles: [] },
      { name: 'realm2', roles, store },
    ]
    expect(() => running.reload({ realms })).throws(StoreError, folder)
    expect(running.config.realms.map(({ name }) => name)).deep.equal(['realm1'])
    expect(running.session('realm1', { authrole: 'user' }).authrole).equal('user')
  })
})
