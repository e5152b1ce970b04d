import { expect } from 'chai'
import { WampError } from '../../src/protocol/errors.ts'
import { join } from '../../src/remote/join.ts'
import type { RemoteError } from '../../src/remote/remote-error.ts'
import type { Event, Session } from '../../src/remote/session.ts'
import { connect } from '../../src/remote/wire.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import { eventually, pause } from '../helpers/raw-client.ts'
import { DOORS, TRUST } from './doors.ts'

/** What a promise rejects with. */
function rejection(promise: Promise<unknown>): Promise<WampError & RemoteError> {
  return promise.then(
    () => {
      throw new Error('it did not reject')
    },
    error => error,
  )
}

describe('a session at a router', () => {
  let router: Router
  let url: string
  const sessions: Session[] = []

  async function joined(at = url, serializer = SERIALIZERS[0], timeout = 5000): Promise<Session> {
    const options = serializer === undefined ? {} : { serializer }
    const wire = await connect(at, { tls: TRUST, ...options })
    const session = await join(wire, { realm: 'realm1', timeout })
    sessions.push(session)
    return session
  }

  beforeEach(async () => {
    router = createRouter({ development: true })
    url = (await router.listen({ port: 0 })).url
  })
  afterEach(async () => {
    await Promise.all(sessions.splice(0).map(session => session.leave()))
    await router.close()
  })

  for (const door of DOORS) {
    for (const serializer of SERIALIZERS) {
      it(`does all it can by ${door.name} in ${serializer.name}`, async () => {
        const at = await door.open(router)
        const one = await joined(at, serializer)
        const other = await joined(at, SERIALIZERS[1])
        const events: Event[] = []
        await one.subscribe('a.b', event => events.push(event))
        const args = [1, 'ü', null, 2n ** 60n, new Uint8Array([0, 255]), { a: [1.5] }]
        await other.publish('a.b', args, { k: true }, { acknowledge: true })
        await eventually('the event', () => events.length === 1)
        expect(events[0]).deep.include({ topic: 'a.b', args, kwargs: { k: true } })

        const reverse = async ({ args }: { args: unknown[] }) => ({
          args: args.toReversed(),
          kwargs: { n: 2 },
        })
        await other.register('a.reverse', reverse)
        const result = await one.call('a.reverse', [1, args])
        expect(result).deep.include({ args: [args, 1], kwargs: { n: 2 } })
      })
    }
  }

  it('hears progressive results, and the last', async () => {
    await router.session('realm1').register('a.count', async function* () {
      yield 1
      yield 2
      return 3
    })
    const session = await joined()
    const heard: unknown[] = []
    const onProgress = ({ args }: { args: unknown[] }) => heard.push(...args)
    const result = await session.call('a.count', [], {}, { onProgress })
    expect([...heard, ...result.args]).deep.equal([1, 2, 3])
    expect((await session.call('a.count')).args).deep.equal([3])
  })

  it('hears events of patterns, with their topics', async () => {
    const session = await joined()
    const topics: string[] = []
    await session.subscribe('a.', ({ topic }) => topics.push(topic), { match: 'prefix' })
    await router.session('realm1').publish('a.x', [], {}, { acknowledge: true })
    await router.session('realm1').publish('b.x', [], {}, { acknowledge: true })
    await router.session('realm1').publish('a.y', [], {}, { acknowledge: true })
    await eventually('both', () => topics.length === 2)
    expect(topics).deep.equal(['a.x', 'a.y'])
  })

  it('gives up what it holds', async () => {
    const session = await joined()
    const held = await session.subscribe('a.b', () => {})
    const registered = await session.register('a.b', async () => ({}))
    await held.end()
    await registered.end()
    const [realm] = router.status().realms
    expect(realm).include({ subscriptions: 0, registrations: 0 })
  })

  it('hears that what it holds was taken away', async () => {
    const session = await joined()
    const { revoked } = await session.register('a.b', async () => ({}))
    const subscription = await session.subscribe('a.b', () => {})
    const admin = router.session('realm1')
    const registration = await admin.call('wamp.registration.lookup', ['a.b'])
    await admin.call('wamp.registration.remove_callee', [registration, session.id])
    const topic = await admin.call('wamp.subscription.lookup', ['a.b'])
    await admin.call('wamp.subscription.remove_subscriber', [topic, session.id])
    expect(await Promise.all([revoked, subscription.revoked])).deep.equal([
      'no reason given',
      'no reason given',
    ])
  })

  describe('is told', () => {
    it('what a callee refuses', async () => {
      await router.session('realm1').register('a.fails', () => {
        throw new WampError('a.error', ['because', 2], { k: 1 })
      })
      const session = await joined()
      const error = await rejection(session.call('a.fails'))
      expect(error).instanceOf(WampError)
      expect(error).deep.include({ uri: 'a.error', args: ['because', 2], kwargs: { k: 1 } })
    })

    it('what the router refuses', async () => {
      const session = await joined()
      const refusals = await Promise.all([
        rejection(session.call('a.nothing')),
        rejection(session.subscribe('a..b', () => {})),
        rejection(session.register('wamp.own', async () => ({}))),
        rejection(session.publish('a..b', [], {}, { acknowledge: true })),
      ])
      const uris = refusals.map(({ uri }) => uri)
      expect(uris).deep.equal([
        'wamp.error.no_such_procedure',
        ...['wamp.error.invalid_uri', 'wamp.error.invalid_uri', 'wamp.error.invalid_uri'],
      ])
    })

    it('that a handler threw', async () => {
      const callee = await joined()
      await callee.register('a.wamp', async () => {
        throw new WampError('a.error', ['text'])
      })
      await callee.register('a.throws', async () => {
        throw new Error('oops')
      })
      await callee.register('a.large', async () => ({ args: [() => 1] }))
      const caller = await joined()
      const [wamp, plain, large] = await Promise.all([
        rejection(caller.call('a.wamp')),
        rejection(caller.call('a.throws')),
        rejection(caller.call('a.large')),
      ])
      expect(wamp).deep.include({ uri: 'a.error', args: ['text'] })
      expect(plain).deep.include({ uri: 'wamp.error.runtime_error', args: ['oops'] })
      expect(large.uri).equal('wampd.error.untranslatable_payload')
    })
  })

  it('cancels a call, and its callee hears of it', async () => {
    const callee = await joined()
    let isCancelled = false
    await callee.register('a.slow', ({ signal }) => {
      return new Promise(resolve => {
        signal.addEventListener('abort', () => {
          isCancelled = true
          resolve({})
        })
      })
    })
    const caller = await joined()
    const giving = new AbortController()
    const call = rejection(caller.call('a.slow', [], {}, { signal: giving.signal }))
    await pause(20)
    giving.abort()
    expect((await call).uri).equal('wamp.error.canceled')
    await eventually('the callee', () => isCancelled)
  })

  it('gives a call up that takes too long', async () => {
    const callee = await joined()
    await callee.register('a.slow', ({ signal }) => {
      return new Promise(resolve => signal.addEventListener('abort', () => resolve({})))
    })
    const caller = await joined()
    const error = await rejection(caller.call('a.slow', [], {}, { timeout: 30 }))
    expect(error).include({ fault: 'timeout' })
    const asked = await rejection(caller.call('a.slow', [], {}, { options: { timeout: 30 } }))
    expect(asked.uri).equal('wamp.error.timeout')
  })

  describe('that ends', () => {
    it('rejects what waits, and says why', async () => {
      const session = await joined()
      await router.session('realm1').register('a.never', () => new Promise(() => {}))
      const call = rejection(session.call('a.never'))
      await pause(20)
      await router.session('realm1').call('wamp.session.kill', [session.id], { reason: 'a.reason' })
      const { fault, uri, message } = await call
      expect({ fault, uri }).deep.equal({ fault: 'closed', uri: 'a.reason' })
      expect(message).match(/^the router ended the session: a\.reason/)
      expect((await rejection(session.call('a.never'))).uri).equal('a.reason')
      expect(await session.ended).include({ uri: 'a.reason' })
    })

    it('with the router says so', async () => {
      const session = await joined()
      await router.close()
      const { fault, uri, message } = await session.ended
      expect({ fault, uri }).deep.equal({ fault: 'closed', uri: undefined })
      expect(message).include('1012')
    })

    it('has sent all before it leaves', async () => {
      const events: unknown[] = []
      await router.session('realm1').subscribe('a.b', ([value]) => events.push(value))
      const session = await joined()
      for (let i = 0; i < 500; i++) await session.publish('a.b', [i])
      await session.leave()
      expect(events).length(500)
    })
  })

  it('is refused where there is no such realm', async () => {
    const wire = await connect(url)
    const error = await rejection(join(wire, { realm: 'a..b' }))
    expect(error.fault).equal('refused')
    expect(error.message).match(/^the router refused a\.\.b: wamp\.error\./)
    await wire.close()
  })
})
