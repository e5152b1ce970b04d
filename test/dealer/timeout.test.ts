import { expect } from 'chai'
import { CALLEE_CANCELS } from '../../src/protocol/features.ts'
import { Recorder } from '../helpers/recorder.ts'
import { callError, heard, Scene } from './scene.ts'

describe('a call timeout', () => {
  let scene: Scene
  beforeEach(() => {
    scene = new Scene()
    scene.register(scene.callee, 'a.b')
    scene.register(scene.plainCallee, 'a.c')
  })

  it('ends the call, and interrupts callees that announced it', () => {
    const { caller, callee, plainCallee, clock } = scene
    scene.call(caller, 1, 'a.b', { timeout: 100 })
    scene.call(caller, 2, 'a.c', { timeout: 100 })
    expect(callee.take()[0]?.[3]).deep.equal({})
    plainCallee.take()
    clock.pass(99)
    expect(caller.take()).deep.equal([])
    clock.pass(11)
    expect(heard(caller)).deep.equal([callError(1, 'timeout'), callError(2, 'timeout')])
    expect(callee.take()).deep.equal([[69, 1, { mode: 'killnowait' }]])
    expect(plainCallee.take()).deep.equal([])
    scene.yields(callee, 1, {}, ['late'])
    scene.fails(plainCallee, 1, 'com.app.late')
    expect(caller.take()).deep.equal([])
  })

  it('is off by 0, null, or by nothing', () => {
    const { caller, clock } = scene
    for (const [i, options] of [{ timeout: 0 }, { timeout: null }, {}].entries()) {
      scene.call(caller, i + 1, 'a.b', options)
    }
    expect(clock.pending).equal(0)
    clock.pass(1_000_000)
    expect(caller.take()).deep.equal([])
  })

  it('must be a whole number from 0 on', () => {
    const { caller, callee } = scene
    for (const [i, timeout] of [-1, 1.5, '5', true, NaN, {}, []].entries()) {
      scene.call(caller, i + 1, 'a.b', { timeout })
      expect(heard(caller)).deep.equal([callError(i + 1, 'invalid_argument')])
    }
    expect(callee.take()).deep.equal([])
    scene.call(caller, 100, 'a.b', { timeout: 5n })
    expect(callee.take().length).equal(1)
  })

  for (const [how, end] of [
    ['answered', () => scene.yields(scene.callee, 1)],
    ['canceled', () => scene.cancel(scene.caller, 1)],
    ['given up by its caller', () => scene.dealer.leave(scene.caller)],
    ['given up by its callee', () => scene.dealer.leave(scene.callee)],
  ] as const) {
    it(`is called off when the call is ${how}`, () => {
      const { caller, clock } = scene
      scene.call(caller, 1, 'a.b', { timeout: 100 })
      end()
      caller.take()
      clock.pass(10)
      expect(clock.pending).equal(0)
      clock.pass(1000)
      expect(caller.take()).deep.equal([])
    })
  }

  it('runs on when a callee was told to stop, and then interrupts it no more', () => {
    const { caller, callee, clock } = scene
    scene.call(caller, 1, 'a.b', { timeout: 100 })
    scene.cancel(caller, 1, 'kill')
    callee.take()
    clock.pass(200)
    expect(heard(caller)).deep.equal([callError(1, 'timeout')])
    expect(callee.take()).deep.equal([])
  })

  it('runs from one progressive result to the next', () => {
    const { caller, callee, clock } = scene
    scene.call(caller, 1, 'a.b', { timeout: 100, receive_progress: true })
    for (let i = 0; i < 5; i++) {
      clock.pass(90)
      scene.yields(callee, 1, { progress: true })
    }
    expect(caller.take().length).equal(5)
    clock.pass(90)
    expect(caller.take()).deep.equal([])
    clock.pass(20)
    expect(heard(caller)).deep.equal([callError(1, 'timeout')])
  })

  it('is not put off by progress that the caller did not ask for', () => {
    const { caller, callee, clock } = scene
    scene.call(caller, 1, 'a.b', { timeout: 100 })
    clock.pass(90)
    scene.yields(callee, 1, { progress: true })
    clock.pass(20)
    expect(heard(caller)).deep.equal([callError(1, 'timeout')])
  })

  it('is left to a callee that asked for it and announced call_timeout', () => {
    const { caller, callee, clock } = scene
    const unable = new Recorder({ features: CALLEE_CANCELS })
    scene.register(callee, 'a.d', { forward_timeout: true })
    scene.register(unable, 'a.e', { forward_timeout: true })
    scene.call(caller, 1, 'a.d', { timeout: 100 })
    scene.call(caller, 2, 'a.e', { timeout: 100 })
    expect(callee.take()[0]?.[3]).deep.equal({ timeout: 100 })
    expect(unable.take()[0]?.[3]).deep.equal({})
    clock.pass(1000)
    expect(heard(caller)).deep.equal([callError(2, 'timeout')])
    scene.fails(callee, 1, 'wamp.error.timeout')
    expect(heard(caller)).deep.equal([callError(1, 'timeout')])
  })

  it('takes one timer of the clock for any number of calls', () => {
    for (let i = 1; i <= 100; i++) scene.call(scene.caller, i, 'a.b', { timeout: i * 10 })
    expect(scene.clock.pending).equal(1)
    scene.clock.pass(2000)
    expect(scene.caller.take().length).equal(100)
    expect(scene.clock.pending).equal(0)
  })

  for (const [options, wanted, passed] of [
    [{ call_timeout: 50 }, {}, 50],
    [{ call_timeout: 50 }, { timeout: 200 }, 200],
    [{ call_timeout: 50 }, { timeout: 0 }, Infinity],
    [{ max_call_timeout: 50 }, {}, 50],
    [{ max_call_timeout: 50 }, { timeout: 0 }, 50],
    [{ max_call_timeout: 50 }, { timeout: 200 }, 50],
    [{ max_call_timeout: 50 }, { timeout: 20 }, 20],
    [{ max_call_timeout: 300, call_timeout: 50 }, {}, 50],
  ] as const) {
    const name = `${JSON.stringify(options)}, asked ${JSON.stringify(wanted)}`
    it(`comes from the realm too: ${name} ends after ${passed}`, () => {
      const limited = new Scene({ options })
      const { caller, callee, clock } = limited
      limited.register(callee, 'a.b')
      limited.call(caller, 1, 'a.b', wanted)
      clock.pass(Math.min(passed, 1000) - 1)
      expect(caller.take()).deep.equal([])
      clock.pass(11)
      expect(heard(caller)).deep.equal(passed === Infinity ? [] : [callError(1, 'timeout')])
    })
  }

  it('comes from the realm as that is now, for calls that begin', () => {
    const { caller, clock, dealer } = scene
    scene.call(caller, 1, 'a.b')
    dealer.limit({ call_timeout: 50 })
    scene.call(caller, 2, 'a.b')
    dealer.limit({})
    scene.call(caller, 3, 'a.b')
    clock.pass(1000)
    expect(heard(caller)).deep.equal([callError(2, 'timeout')])
  })
})
