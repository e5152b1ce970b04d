import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { LocalMember } from '../../src/client/local-member.ts'
import type { CallDetails } from '../../src/client/local-session.ts'
import { WampError } from '../../src/protocol/errors.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

/** A few turns of the loop: time for all that is under way in this process to arrive. */
async function settled(): Promise<void> {
  for (let i = 0; i < 6; i++) await new Promise(resolve => setImmediate(resolve))
}

/** What a call fails with: the URI, or the message of another error. */
async function failure(call: Promise<unknown>): Promise<string> {
  try {
    return `resolved with ${await call}`
  } catch (error) {
    return error instanceof WampError ? error.uri : (error as Error).message
  }
}

async function* count(
  [to]: unknown[],
  _: object,
  { signal }: CallDetails,
): AsyncGenerator<number, string> {
  for (let i = 1; i <= (to as number) && !signal.aborted; i++) yield i
  return 'done'
}

describe('calls of in-process sessions', () => {
  let clock: FakeClock
  let realm: Realm
  let alice: LocalMember
  let bob: LocalMember
  let log: ReturnType<typeof errorLog>

  beforeEach(() => {
    clock = new FakeClock()
    log = errorLog()
    const rpc = { max_wait: 1000 }
    realm = new Realm(
      { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles: [], clock, rpc },
      randomId,
    )
    alice = join('alice')
    bob = join('bob')
  })

  afterEach(() => expect(log.errors).deep.equal([]))

  function join(authid: string): LocalMember {
    const who = { authid, role: unrestricted('trusted', 'loose') }
    return new LocalMember(realm, randomId(), who, log)
  }

  it('end when their time is over, and the handler hears of it', async () => {
    let signal: AbortSignal | undefined
    await alice.register('a.b', (_, __, details) => {
      signal = details.signal
      return new Promise(() => {})
    })
    const called = failure(bob.call('a.b', [], {}, { timeout: 100 }))
    await settled()
    clock.pass(110)
    expect(await called).equal('wamp.error.timeout')
    await settled()
    expect(signal?.aborted).equal(true)
  })

  it('tell who calls, if they or the handler want it', async () => {
    const { id, authid, authrole } = bob
    const identity = { caller: id, caller_authid: authid, caller_authrole: authrole }
    const who = (
      _: unknown[],
      __: object,
      { caller, caller_authid, caller_authrole }: CallDetails,
    ) => (caller === undefined ? 'nobody' : { caller, caller_authid, caller_authrole })
    await alice.register('a.b', who)
    await alice.register('a.c', who, { disclose_caller: true })
    expect(await bob.call('a.b')).equal('nobody')
    expect(await bob.call('a.b', [], {}, { disclose_me: true })).deep.equal(identity)
    expect(await bob.call('a.c')).deep.equal(identity)
  })

  it('wait for a procedure to be registered', async () => {
    const called = bob.call('a.b', [5], {}, { _wait: 500 })
    await alice.register('a.b', ([value]) => value)
    expect(await called).equal(5)
    const vain = failure(bob.call('a.c', [], {}, { _wait: 100 }))
    clock.pass(110)
    expect(await vain).equal('wamp.error.no_such_procedure')
  })

  it('share a registration, and pass calls on that they cannot take', async () => {
    const options = { invoke: 'roundrobin', concurrency: 1 } as const
    const handles = [
      await alice.register('a.b', () => 'alice', options),
      await bob.register(
        'a.b',
        () => {
          throw new WampError('wamp.error.unavailable')
        },
        options,
      ),
    ]
    expect(handles[0]?.id).equal(handles[1]?.id)
    for (let i = 0; i < 4; i++) expect(await bob.call('a.b')).equal('alice')
    await handles[0]?.end()
    expect(await failure(bob.call('a.b'))).equal('wamp.error.no_available_callee')
  })

  it('give progress to who iterates, and then the result', async () => {
    await alice.register('a.count', count)
    const call = bob.callProgressively('a.count', [3])
    const seen: unknown[] = []
    for await (const value of call) seen.push(value)
    expect([seen, await call.result]).deep.equal([[1, 2, 3], 'done'])
  })

  it('keep progress for who reads late', async () => {
    await alice.register('a.count', count)
    const call = bob.callProgressively('a.count', [3])
    expect(await call.result).equal('done')
    const seen: unknown[] = []
    for await (const value of call) seen.push(value)
    expect(seen).deep.equal([1, 2, 3])
  })

  it('give only the result to who does not ask for progress', async () => {
    await alice.register('a.count', count)
    expect(await bob.call('a.count', [3])).equal('done')
  })

  it('throw in the loop where they fail after progress', async () => {
    await alice.register('a.b', async function* () {
      yield 1
      throw new WampError('com.app.error')
    })
    const call = bob.callProgressively('a.b')
    const seen: unknown[] = []
    const loop = async () => {
      for await (const value of call) seen.push(value)
    }
    expect(await failure(loop())).equal('com.app.error')
    expect([seen, await failure(call.result)]).deep.equal([[1], 'com.app.error'])
    const iterator = call[Symbol.asyncIterator]()
    expect(await failure(iterator.next())).equal('com.app.error')
  })

  it('are canceled by leaving the loop, which stops the generator', async () => {
    let finished = false
    await alice.register('a.b', async function* () {
      try {
        for (let i = 0; ; i++) yield i
      } finally {
        finished = true
      }
    })
    const call = bob.callProgressively('a.b')
    for await (const value of call) if (value === 2) break
    expect(await failure(call.result)).match(/aborted/)
    await settled()
    expect(finished).equal(true)
  })

  it('are canceled by a signal in the midst of progress', async () => {
    await alice.register('a.b', async function* () {
      for (let i = 0; ; i++) yield i
    })
    const controller = new AbortController()
    const call = bob.callProgressively('a.b', [], {}, { signal: controller.signal })
    const loop = async () => {
      for await (const value of call) if (value === 2) controller.abort(new Error('enough'))
    }
    expect(await failure(loop())).equal('enough')
  })

  it('fail where progress cannot be sent', async () => {
    await alice.register('a.b', async function* () {
      yield () => {}
    })
    const call = bob.callProgressively('a.b')
    expect(await failure(call.result)).equal('wamp.error.runtime_error')
  })

  it('hear that a registration was taken away, and may register again', async () => {
    const handle = await alice.register('a.b', () => 'alice')
    await alice.call('wamp.registration.remove_callee', [handle.id, alice.id], {
      reason: 'com.app.moved',
    })
    expect(await handle.revoked).equal('com.app.moved')
    await handle.end()
    expect(await failure(bob.call('a.b'))).equal('wamp.error.no_such_procedure')
    await alice.register('a.b', () => 'again')
    expect(await bob.call('a.b')).equal('again')
  })

  it('bring progress to remote callers, and from remote callees', async () => {
    await alice.register('a.count', count)
    const remote = new Recorder({ features: -1 })
    realm.join(remote)
    realm.receive(remote, messageOf([48, 1, { receive_progress: true }, 'a.count', [2]]))
    await settled()
    expect(remote.take()).deep.equal([
      [50, 1, { progress: true }, [1]],
      [50, 1, { progress: true }, [2]],
      [50, 1, {}, ['done']],
    ])
    realm.receive(remote, messageOf([64, 2, {}, 'a.b']))
    const call = bob.callProgressively('a.b')
    expect(remote.take()[1]?.[3]).deep.equal({ receive_progress: true })
    realm.receive(remote, messageOf([70, 1, { progress: true }, ['so far']]))
    realm.receive(remote, messageOf([70, 1, {}, ['all']]))
    const seen: unknown[] = []
    for await (const value of call) seen.push(value)
    expect([seen, await call.result]).deep.equal([['so far'], 'all'])
  })
})
