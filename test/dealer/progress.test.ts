import { expect } from 'chai'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import { CALLEE_PROGRESSES, CALLEE_TAKES_PARTS } from '../../src/protocol/features.ts'
import { Recorder } from '../helpers/recorder.ts'
import { callError, heard, Scene } from './scene.ts'

const PROGRESS = { progress: true }
const RECEIVE = { receive_progress: true }

describe('progressive call results', () => {
  let scene: Scene
  beforeEach(() => {
    scene = new Scene()
  })

  it('reach a caller that asks for them, in order, until the final one', () => {
    const { caller, callee } = scene
    const id = scene.register(callee, 'a.b')
    scene.call(caller, 1, 'a.b', RECEIVE, [1])
    expect(callee.take()).deep.equal([[68, 1, id, RECEIVE, [1]]])
    scene.yields(callee, 1, PROGRESS, ['one'])
    scene.yields(callee, 1, PROGRESS)
    scene.yields(callee, 1, { progress: false }, ['last'])
    scene.yields(callee, 1, PROGRESS, ['late'])
    expect(caller.take()).deep.equal([
      [50, 1, PROGRESS, ['one']],
      [50, 1, PROGRESS],
      [50, 1, {}, ['last']],
    ])
  })

  it('may end with an error', () => {
    const { caller, callee } = scene
    scene.register(callee, 'a.b')
    scene.call(caller, 1, 'a.b', RECEIVE)
    scene.yields(callee, 1, PROGRESS, [1])
    scene.fails(callee, 1, 'wamp.error.runtime_error')
    scene.yields(callee, 1, PROGRESS, [2])
    expect(heard(caller)).deep.equal([[50, 1, PROGRESS, [1]], callError(1, 'runtime_error')])
  })

  it('never reach a caller that did not ask', () => {
    const { caller, callee } = scene
    scene.register(callee, 'a.b')
    scene.call(caller, 1, 'a.b', { receive_progress: 1 })
    expect(callee.take()[0]?.[3]).deep.equal({})
    scene.yields(callee, 1, PROGRESS, [1])
    expect(caller.take()).deep.equal([])
    scene.yields(callee, 1, {}, [2])
    expect(caller.take()).deep.equal([[50, 1, {}, [2]]])
  })

  it('are asked only of callees that announced them; call_canceling is not needed', () => {
    const { caller, plainCallee } = scene
    const autobahn = new Recorder({ features: CALLEE_PROGRESSES })
    scene.register(plainCallee, 'a.b')
    scene.register(autobahn, 'a.c')
    scene.call(caller, 1, 'a.b', RECEIVE)
    scene.call(caller, 2, 'a.c', RECEIVE)
    expect(plainCallee.take()[0]?.[3]).deep.equal({})
    expect(autobahn.take()[0]?.[3]).deep.equal(RECEIVE)
  })

  it('go on while the caller waits for a callee that it told to stop', () => {
    const { caller, callee } = scene
    scene.register(callee, 'a.b')
    scene.call(caller, 1, 'a.b', RECEIVE)
    scene.cancel(caller, 1, 'kill')
    scene.yields(callee, 1, PROGRESS, [1])
    scene.yields(callee, 1, {}, [2])
    expect(caller.take()).deep.equal([
      [50, 1, PROGRESS, [1]],
      [50, 1, {}, [2]],
    ])
  })

  it('that do not fit the caller end the call with an error, and stop the callee', () => {
    const { caller, callee } = scene
    scene.register(callee, 'a.b')
    scene.call(caller, 1, 'a.b', RECEIVE)
    callee.take()
    caller.refuses = ({ type }) => type === 50
    scene.yields(callee, 1, PROGRESS, ['odd'])
    expect(heard(caller)).deep.equal([[8, 48, 1, {}, 'wampd.error.untranslatable_payload']])
    expect(callee.take()).deep.equal([[69, 1, { mode: 'killnowait' }]])
    scene.yields(callee, 1)
    expect(caller.take()).deep.equal([])
  })
})

describe('progressive call invocations', () => {
  let scene: Scene
  let id: unknown
  beforeEach(() => {
    scene = new Scene()
    id = scene.register(scene.callee, 'a.b')
  })

  it('reach one callee under one invocation, marked but for the last', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', PROGRESS, [1])
    scene.call(caller, 1, 'a.b', PROGRESS, [2])
    scene.call(caller, 1, 'a.b', {}, [3])
    expect(callee.take()).deep.equal([
      [68, 1, id, PROGRESS, [1]],
      [68, 1, id, PROGRESS, [2]],
      [68, 1, id, {}, [3]],
    ])
    scene.yields(callee, 1, {}, ['sum'])
    expect(caller.take()).deep.equal([[50, 1, {}, ['sum']]])
  })

  it('take their options from the first part', () => {
    const { caller, callee } = scene
    const { id: session, authid, authrole } = caller
    const details = { caller: session, caller_authid: authid, caller_authrole: authrole }
    scene.call(caller, 1, 'a.b', { ...PROGRESS, disclose_me: true })
    scene.call(caller, 1, 'a.b', { ...PROGRESS, receive_progress: true, timeout: 'nonsense' })
    scene.callUnder({ disclosure: 'refused' }, caller, 1, 'a.b', { disclose_me: true })
    expect(callee.take().map(invocation => invocation[3])).deep.equal([
      { ...details, ...PROGRESS },
      { ...details, ...PROGRESS },
      details,
    ])
  })

  it('all go to the callee of the first, whatever the policy', () => {
    const { caller } = scene
    const callees = [0, 1].map(() => new Recorder({ features: scene.callee.features }))
    for (const callee of callees) scene.register(callee, 'a.c', { invoke: 'roundrobin' })
    for (const options of [PROGRESS, PROGRESS, {}]) scene.call(caller, 1, 'a.c', options)
    expect(callees.map(callee => callee.take().length)).deep.equal([3, 0])
  })

  it('may be answered, progressively too, before the last part', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', { ...PROGRESS, ...RECEIVE }, [1])
    scene.yields(callee, 1, PROGRESS, ['so far'])
    scene.call(caller, 1, 'a.b', PROGRESS, [2])
    scene.yields(callee, 1, {}, ['enough'])
    expect(caller.take()).deep.equal([
      [50, 1, PROGRESS, ['so far']],
      [50, 1, {}, ['enough']],
    ])
  })

  it('drop parts that come when the call is over, and take the next call', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', PROGRESS)
    scene.yields(callee, 1)
    caller.take()
    callee.take()
    for (const options of [PROGRESS, {}, {}]) scene.call(caller, 1, 'a.b', options)
    expect([caller.take(), callee.take()]).deep.equal([[], []])
    scene.call(caller, 2, 'a.b')
    expect(callee.take()).deep.equal([[68, 2, id, {}]])
  })

  it('drop parts of a call that never was one', () => {
    const { caller } = scene
    scene.call(caller, 1, 'a.nowhere', PROGRESS)
    expect(heard(caller)).deep.equal([callError(1, 'no_such_procedure')])
    scene.call(caller, 1, 'a.nowhere', {})
    expect(caller.take()).deep.equal([])
  })

  it('drop parts that follow a CANCEL to a callee that winds up', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', PROGRESS)
    scene.cancel(caller, 1, 'kill')
    callee.take()
    scene.call(caller, 1, 'a.b', {})
    expect(callee.take()).deep.equal([])
    scene.fails(callee, 1, 'wamp.error.canceled')
    expect(heard(caller)).deep.equal([callError(1, 'canceled')])
  })

  it('are a violation by callers that did not announce them', () => {
    expect(() => scene.call(scene.plainCaller, 1, 'a.b', PROGRESS)).throws(ProtocolViolation)
    expect(scene.callee.take()).deep.equal([])
  })

  it('are a violation after the last part, or with another procedure', () => {
    const { caller } = scene
    scene.call(caller, 1, 'a.b', PROGRESS)
    expect(() => scene.call(caller, 1, 'a.c', PROGRESS)).throws(ProtocolViolation)
    scene.call(caller, 1, 'a.b', {})
    expect(() => scene.call(caller, 1, 'a.b', {})).throws(ProtocolViolation)
    scene.call(caller, 2, 'a.b', {})
    expect(() => scene.call(caller, 2, 'a.b', PROGRESS)).throws(ProtocolViolation)
  })

  it('are refused where the callee does not take them, or cannot be interrupted', () => {
    const { caller, plainCallee } = scene
    const deaf = new Recorder({ features: CALLEE_TAKES_PARTS })
    scene.register(plainCallee, 'a.c')
    scene.register(deaf, 'a.d')
    for (const [i, procedure] of ['a.c', 'a.d'].entries()) {
      scene.call(caller, i + 1, procedure, PROGRESS)
      scene.call(caller, i + 1, procedure)
      expect(heard(caller)).deep.equal([callError(i + 1, 'feature_not_supported')])
    }
    expect([plainCallee.take(), deaf.take()]).deep.equal([[], []])
  })

  it('end with an error where a part does not fit the callee', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', PROGRESS)
    callee.take()
    callee.refuses = ({ type }) => type === 68
    scene.call(caller, 1, 'a.b', PROGRESS, ['odd'])
    expect(heard(caller)).deep.equal([[8, 48, 1, {}, 'wampd.error.untranslatable_payload']])
    expect(callee.take()).deep.equal([[69, 1, { mode: 'killnowait' }]])
    scene.call(caller, 1, 'a.b', {})
    expect([caller.take(), callee.take()]).deep.equal([[], []])
  })
})
