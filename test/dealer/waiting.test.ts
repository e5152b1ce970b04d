import { expect } from 'chai'
import { Backlog } from '../../src/delivery/backlog.ts'
import type { Call } from '../../src/protocol/messages.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'
import { ALL_FEATURES, callError, heard, Scene } from './scene.ts'

const invocations = (peer: Recorder) => peer.take().map(message => message[4])

describe('a callee with a concurrency', () => {
  let scene: Scene
  beforeEach(() => {
    scene = new Scene({ options: { queue_limit: 2, queue_timeout: 1000 } })
    scene.register(scene.callee, 'a.b', { concurrency: 1 })
  })

  function callThrice(): void {
    for (const i of [1, 2, 3]) scene.call(scene.caller, i, 'a.b', {}, [i])
  }

  it('has no more calls than that; the others wait, the oldest first', () => {
    const { caller, callee } = scene
    callThrice()
    expect(invocations(callee)).deep.equal([[1]])
    expect(scene.dealer.load).deep.equal({ made: 3, taken: 1, waiting: 2 })
    scene.yields(callee, 1)
    expect(invocations(callee)).deep.equal([[2]])
    scene.fails(callee, 2, 'com.app.error')
    expect(invocations(callee)).deep.equal([[3]])
    scene.yields(callee, 3)
    expect(heard(caller).map(answer => answer[0])).deep.equal([50, 8, 50])
    scene.clock.pass(10)
    expect(scene.clock.pending).equal(0)
  })

  it('keeps as many waiting as the limit says', () => {
    callThrice()
    scene.call(scene.caller, 4, 'a.b')
    expect(heard(scene.caller)).deep.equal([callError(4, 'no_available_callee')])
  })

  it('keeps nobody waiting for longer than the limit says', () => {
    callThrice()
    scene.clock.pass(1010)
    expect(heard(scene.caller)).deep.equal([
      callError(2, 'no_available_callee'),
      callError(3, 'no_available_callee'),
    ])
    scene.yields(scene.callee, 1)
    expect(scene.caller.take()).deep.equal([[50, 1, {}]])
  })

  it('is spared the calls that end while they wait', () => {
    const { caller, callee, clock } = scene
    scene.call(caller, 1, 'a.b', {}, [1])
    for (const [i, mode] of ['skip', 'killnowait', 'kill', 'nonsense'].entries()) {
      scene.call(caller, i + 2, 'a.b')
      scene.cancel(caller, i + 2, mode)
    }
    scene.call(caller, 6, 'a.b', { timeout: 100 })
    clock.pass(110)
    expect(heard(caller)).deep.equal([
      ...[2, 3, 4].map(request => callError(request, 'canceled')),
      callError(5, 'invalid_argument'),
      callError(6, 'timeout'),
    ])
    scene.call(scene.plainCaller, 1, 'a.b')
    scene.dealer.leave(scene.plainCaller)
    scene.yields(callee, 1)
    expect(invocations(callee)).deep.equal([[1]])
    expect(scene.dealer.load).deep.equal({ made: 0, taken: 0, waiting: 0 })
  })

  it('leaves those that wait with an error when it goes', () => {
    callThrice()
    scene.dealer.leave(scene.callee)
    expect(heard(scene.caller)).deep.equal([
      callError(2, 'no_available_callee'),
      callError(3, 'no_available_callee'),
      callError(1, 'canceled'),
    ])
  })

  it('that waits for itself hears no more of it when it goes', () => {
    const { caller, callee, dealer } = scene
    scene.call(caller, 1, 'a.b')
    scene.call(callee, 1, 'a.b')
    callee.take()
    dealer.leave(callee)
    expect(callee.take()).deep.equal([])
    expect(heard(caller)).deep.equal([callError(1, 'canceled')])
    expect(dealer.load).deep.equal({ made: 0, taken: 0, waiting: 0 })
  })

  it('gives way to others that share the registration', () => {
    const { caller } = scene
    const [one, other] = [new Recorder(), new Recorder()] as const
    const options = { invoke: 'first', concurrency: 1 }
    scene.register(one, 'a.c', options)
    for (const i of [1, 2]) scene.call(caller, i, 'a.c', {}, [i])
    expect(invocations(one)).deep.equal([[1]])
    scene.register(other, 'a.c', options)
    expect(invocations(other)).deep.equal([[2]])
  })

  it('counts the time in the queue in the timeout', () => {
    const { caller, callee, clock } = scene
    scene.call(caller, 1, 'a.b')
    scene.call(caller, 2, 'a.b', { timeout: 100 })
    clock.pass(60)
    scene.yields(callee, 1)
    clock.pass(60)
    expect(heard(caller)).deep.equal([[50, 1, {}], callError(2, 'timeout')])
  })

  it('takes no progressive call to its queue', () => {
    scene.call(scene.caller, 1, 'a.b')
    scene.call(scene.caller, 2, 'a.b', { progress: true })
    expect(heard(scene.caller)).deep.equal([callError(2, 'no_available_callee')])
  })

  it('must say how many calls', () => {
    for (const concurrency of [0, -1, '3', true, NaN]) {
      const answer = scene.register(scene.callee, 'a.d', { concurrency })
      expect(answer).equal('wamp.error.invalid_argument')
    }
  })

  it('keeps a caller that stays with it waiting, and nobody else', () => {
    const { caller, plainCaller } = scene
    const [one, other] = [new Recorder(), new Recorder()] as const
    for (const peer of [one, other]) {
      scene.register(peer, 'a.c', { invoke: '_sticky', concurrency: 1 })
    }
    for (const i of [1, 2]) scene.call(caller, i, 'a.c', {}, [i])
    scene.call(plainCaller, 1, 'a.c', {}, ['other'])
    expect([invocations(one), invocations(other)]).deep.equal([[[1]], [['other']]])
    scene.yields(other, 1)
    scene.yields(one, 1)
    expect([invocations(one), invocations(other)]).deep.equal([[[2]], []])
  })

  it('takes the next where one does not fit its serializer', () => {
    const { caller, callee } = scene
    callThrice()
    callee.take()
    callee.refuses = message => message.type === 68 && message.payload.open().args?.[0] === 2
    scene.yields(callee, 1)
    expect(invocations(callee)).deep.equal([[3]])
    expect(heard(caller).at(-1)).deep.equal([
      ...[8, 48, 2, {}],
      'wampd.error.untranslatable_payload',
    ])
  })
})

describe('a call that waits for its procedure', () => {
  let scene: Scene
  beforeEach(() => {
    scene = new Scene({ options: { max_wait: 1000, queue_limit: 3 } })
  })

  for (const [match, uri] of [
    ['exact', 'a.b'],
    ['prefix', 'a'],
    ['wildcard', 'a.'],
  ]) {
    it(`gets it as soon as it is registered, ${match}`, () => {
      const { caller, callee } = scene
      scene.call(caller, 1, 'a.b', { _wait: 500 }, [1])
      scene.call(caller, 2, 'a.b', { _wait: 500 }, [2])
      scene.call(caller, 3, 'z', { _wait: 500 }, [3])
      scene.clock.pass(400)
      scene.register(callee, 'y', { match })
      scene.register(callee, uri as string, { match })
      expect(invocations(callee)).deep.equal([[1], [2]])
      scene.yields(callee, 1)
      scene.clock.pass(1000)
      expect(heard(caller)).deep.equal([[50, 1, {}], callError(3, 'no_such_procedure')])
    })
  }

  it('waits no longer than it asked for, or than the realm lets it', () => {
    const { caller, clock } = scene
    scene.call(caller, 1, 'a.b', { _wait: 100 })
    scene.call(caller, 2, 'a.b', { _wait: 100_000 })
    clock.pass(110)
    expect(heard(caller)).deep.equal([callError(1, 'no_such_procedure')])
    clock.pass(900)
    expect(heard(caller)).deep.equal([callError(2, 'no_such_procedure')])
    expect(clock.pending).equal(0)
  })

  it('does not wait where it did not ask to, or too many do', () => {
    const { caller } = scene
    scene.call(caller, 1, 'a.b', { _wait: 0 })
    scene.call(caller, 2, 'a.b', { _wait: 'long' })
    scene.call(caller, 3, 'a.b', { _wait: 100, progress: true })
    expect(heard(caller)).deep.equal([
      callError(1, 'no_such_procedure'),
      callError(2, 'invalid_argument'),
      callError(3, 'no_such_procedure'),
    ])
    for (const i of [4, 5, 6, 7]) scene.call(caller, i, `a.${i}`, { _wait: 100 })
    expect(heard(caller)).deep.equal([callError(7, 'no_such_procedure')])
  })

  it('can be canceled, and goes when its caller goes', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', { _wait: 500 })
    scene.cancel(caller, 1)
    scene.call(caller, 2, 'a.b', { _wait: 500 })
    expect(heard(caller)).deep.equal([callError(1, 'canceled')])
    scene.dealer.leave(caller)
    scene.register(callee, 'a.b')
    scene.clock.pass(2000)
    expect([caller.take(), callee.take()]).deep.equal([[], []])
    expect(scene.dealer.load).deep.equal({ made: 0, taken: 0, waiting: 0 })
  })

  it('counts the wait in the timeout', () => {
    const { caller, callee, clock } = scene
    scene.call(caller, 1, 'a.b', { _wait: 500, timeout: 100 })
    scene.call(caller, 2, 'a.c', { _wait: 500, timeout: 300 })
    clock.pass(110)
    expect(heard(caller)).deep.equal([callError(1, 'timeout')])
    scene.register(callee, 'a.c')
    clock.pass(190)
    expect(heard(caller)).deep.equal([callError(2, 'timeout')])
  })

  it('goes to the queue of a callee that has enough calls', () => {
    const { caller, callee } = scene
    for (const i of [1, 2]) scene.call(caller, i, 'a.b', { _wait: 500 }, [i])
    scene.register(callee, 'a.b', { concurrency: 1 })
    expect(invocations(callee)).deep.equal([[1]])
    scene.yields(callee, 1)
    expect(invocations(callee)).deep.equal([[2]])
  })
})

describe('payloads that calls keep', () => {
  const MB = 1 << 20
  const LARGE = 'x'.repeat(16 * MB)
  let scene: Scene
  let backlog: Backlog

  beforeEach(() => {
    backlog = new Backlog()
    scene = new Scene({ backlog, options: { queue_timeout: 1000 } })
  })

  function kept(): number {
    const bytes = scene.dealer.keptBytes(scene.caller)
    expect(backlog.bytes).equal(bytes)
    return bytes
  }

  it('are counted while they wait, however that ends', () => {
    const { caller, callee, clock } = scene
    scene.register(callee, 'a.b', { concurrency: 1 })
    for (const i of [1, 2, 3, 4, 5]) scene.call(caller, i, 'a.b', {}, ['x'.repeat(1000)])
    expect(kept()).within(4000, 4200)
    scene.yields(callee, 1)
    expect(kept()).within(3000, 3200)
    scene.cancel(caller, 3, 'skip')
    expect(kept()).within(2000, 2200)
    clock.pass(1010)
    expect(kept()).equal(0)
  })

  it('are counted while their callee may pass them on', () => {
    const { caller, callee } = scene
    const other = new Recorder({ features: ALL_FEATURES })
    scene.register(callee, 'a.b', { invoke: 'roundrobin' })
    scene.register(other, 'a.b', { invoke: 'roundrobin' })
    for (const i of [1, 2, 3]) scene.call(caller, i, 'a.b', {}, ['x'.repeat(1000)])
    expect(kept()).within(3000, 3200)
    scene.dealer.leave(other)
    expect(kept()).within(2000, 2200)
    scene.dealer.leave(caller)
    expect(backlog.bytes).equal(0)
  })

  it('are not without bounds: the next call is refused', () => {
    const { caller, callee } = scene
    scene.register(callee, 'a.b', { concurrency: 1 })
    const call = (request: number, maxOpen?: number) => {
      const message = messageOf([48, request, {}, 'a.b', [LARGE]]) as Call
      return scene.dealer.call(caller, message, 'requested', undefined, undefined, maxOpen)
    }
    for (let i = 1; i <= 5; i++) expect(call(i, 10)).equal(true)
    expect(kept()).within(64 * MB, 65 * MB)
    expect(call(6, 10)).equal(false)
    const [refused] = heard(caller)
    expect(refused?.slice(0, 5)).deep.equal([8, 48, 6, {}, 'wampd.error.limit_exceeded'])
    // Who has no limit on calls has none on these.
    expect(call(7)).equal(true)
    scene.yields(callee, 1)
    scene.yields(callee, 2)
    scene.yields(callee, 3)
    expect(call(8, 10)).equal(true)
  })
})
