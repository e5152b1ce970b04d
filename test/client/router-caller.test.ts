import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { LocalMember } from '../../src/client/local-member.ts'
import { Result } from '../../src/client/local-session.ts'
import { callerIn, RouterCaller } from '../../src/client/router-caller.ts'
import { WampError } from '../../src/protocol/errors.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { errorLog } from '../helpers/error-log.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

describe('the router as a caller', () => {
  const clock = new FakeClock()
  let realm: Realm
  let callee: LocalMember
  let caller: RouterCaller

  beforeEach(() => {
    const role = unrestricted('all', 'loose')
    realm = new Realm(
      { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles: [role] },
      randomId,
    )
    callee = new LocalMember(realm, 1, { authid: 'joe', role }, errorLog())
    caller = new RouterCaller(realm, 2, clock)
  })
  afterEach(() => {
    callee.close()
    expect(clock.pending).equal(0)
  })

  it('gets the first result, or the kwargs where there is no other', async () => {
    await callee.register('a.args', args => new Result([args, 2]))
    await callee.register('a.kwargs', () => new Result(undefined, { role: 'user' }))
    await callee.register('a.none', () => undefined)
    expect(await caller.call('a.args', ['x', { y: 1 }], 50)).deep.equal(['x', { y: 1 }])
    expect(await caller.call('a.kwargs', [], 50)).deep.equal({ role: 'user' })
  })

  it('gets errors as they are', async () => {
    await callee.register('a.fail', () => {
      throw new WampError('com.example.no', ['because'])
    })
    expect(await failure(caller.call('a.fail', [], 50))).include({ uri: 'com.example.no' })
    expect(await failure(caller.call('a.nowhere', [], 50))).include({
      uri: 'wamp.error.no_such_procedure',
    })
  })

  it('waits no longer than it has said, and cancels the call', async () => {
    let signal: AbortSignal | undefined
    await callee.register('a.slow', (_, __, details) => {
      signal = details.signal
      return new Promise(() => {})
    })
    const late = failure(caller.call('a.slow', [], 50))
    await turn()
    clock.pass(50)
    expect((await late).uri).equal('wamp.error.timeout')
    await turn()
    expect(signal?.aborted).equal(true)
    expect(realm.isBusy(callee)).equal(false)
  })

  it('gets an error when its callee leaves', async () => {
    await callee.register('a.slow', () => new Promise(() => {}))
    const lost = failure(caller.call('a.slow', [], 50))
    callee.close()
    expect((await lost).uri).equal('wamp.error.canceled')
  })

  it('is no member', async () => {
    await callee.register('a.b', () => 1)
    await caller.call('a.b', [], 50)
    expect([...realm.members.keys()]).deep.equal([1])
  })

  it('finds realms by name', async () => {
    const call = callerIn(name => (name === 'realm1' ? realm : undefined), clock)
    await callee.register('a.b', () => 'here')
    expect(await call('realm1', 'a.b', [], 5000)).equal('here')
    expect((await failure(call('realm2', 'a.b', [], 5000))).uri).equal('wamp.error.no_such_realm')
  })
})

async function failure(promise: Promise<unknown>): Promise<WampError> {
  return promise.then(
    () => expect.fail('did not fail'),
    error => error,
  )
}

/** Lets in-process sessions read what they were sent. */
const turn = () => new Promise(resolve => setImmediate(resolve))
