import { expect } from 'chai'
import { randomId } from '../../src/base/ids.ts'
import { LocalMember } from '../../src/client/local-member.ts'
import { Payload, type TailCodec } from '../../src/protocol/payload.ts'
import { unrestricted } from '../../src/realm/authorize.ts'
import { Realm } from '../../src/realm/realm.ts'
import { errorLog } from '../helpers/error-log.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

describe('an in-process session beside remote ones', () => {
  const codec: TailCodec = {
    openTail: bytes => ({ args: [...bytes] }),
    closeTail: () => expect.fail('nothing is to be written'),
  }
  const options = { name: 'realm1', uriCheck: 'loose', strictRequestIds: false, roles: [] } as const
  let realm: Realm
  let local: LocalMember
  let remote: Recorder
  let frame: Uint8Array

  /** Lets the remote session send a message with a payload that lies in its frame. */
  function say(...list: unknown[]): void {
    frame = Uint8Array.of(1, 2, 3)
    const payload = new Payload(codec, 1, frame, 1, 3, null)
    realm.receive(remote, { ...messageOf(list), payload } as never)
    frame.fill(0)
  }

  beforeEach(() => {
    realm = new Realm(options, randomId)
    const who = { authid: 'local', role: unrestricted('trusted', 'loose') }
    local = new LocalMember(realm, randomId(), who, errorLog())
    remote = new Recorder()
    realm.join(remote)
  })

  it('hears their events though the frame is gone by then', async () => {
    const heard = new Promise(resolve => void local.subscribe('a.b', resolve))
    say(16, 1, {}, 'a.b')
    expect(await heard).deep.equal([2, 3])
  })

  it('is called by them, and answers', async () => {
    const called = new Promise(resolve => {
      void local.register('a.b', args => {
        resolve(args)
        return 'yes'
      })
    })
    say(48, 1, {}, 'a.b')
    expect(await called).deep.equal([2, 3])
    await new Promise(resolve => setImmediate(resolve))
    expect(remote.take()).deep.equal([[50, 1, {}, ['yes']]])
  })

  it('calls them, and gets their answers and errors', async () => {
    realm.receive(remote, messageOf([64, 1, {}, 'a.b']))
    const result = local.call('a.b', [7], { a: 1 })
    const [, invocation] = remote.take()
    expect(invocation?.slice(3)).deep.equal([{}, [7], { a: 1 }])
    say(70, 1, {})
    expect(await result).deep.include({ args: [2, 3] })
    const refused = local.call('a.b')
    say(8, 68, 2, {}, 'com.app.error')
    expect(await refused.catch(error => [error.uri, error.args])).deep.equal([
      'com.app.error',
      [2, 3],
    ])
  })

  it('is told by an ordinary result that it is one value', async () => {
    realm.receive(remote, messageOf([64, 1, {}, 'a.b']))
    const result = local.call('a.b')
    realm.receive(remote, messageOf([70, 1, {}, [5]]))
    expect(await result).equal(5)
  })

  it('cancels their calls with killnowait', async () => {
    realm.receive(remote, messageOf([64, 1, {}, 'a.b']))
    const controller = new AbortController()
    const called = local.call('a.b', [], {}, { signal: controller.signal })
    controller.abort(new Error('enough'))
    expect(await called.catch(error => error.message)).equal('enough')
    realm.receive(remote, messageOf([70, 1, {}, ['late']]))
    expect(remote.take().length).equal(2)
  })
})
