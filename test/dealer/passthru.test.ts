import { expect } from 'chai'
import { ProtocolViolation } from '../../src/protocol/errors.ts'
import { passthruOf } from '../../src/protocol/passthru.ts'
import { callError, heard, Scene } from './scene.ts'

const PPT = { ppt_scheme: 'x_app', ppt_serializer: 'cbor', ppt_cipher: 'xsalsa', ppt_keyid: 'k1' }
const payload = [[new Uint8Array([1, 2])]] as const

describe('payload passthru mode', () => {
  let scene: Scene
  beforeEach(() => {
    scene = new Scene()
    scene.register(scene.callee, 'a.b')
    scene.register(scene.plainCallee, 'a.c')
  })

  it('goes from call to invocation, and from answers to results and errors', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', { ...PPT, receive_progress: true, ppt_other: 1 }, ...payload)
    scene.call(caller, 2, 'a.b', { ppt_scheme: 'mqtt' }, ...payload)
    expect(callee.take().map(message => message.slice(3))).deep.equal([
      [{ ...PPT, receive_progress: true }, ...payload],
      [{ ppt_scheme: 'mqtt' }, ...payload],
    ])
    scene.yields(callee, 1, { ...PPT, progress: true }, ...payload)
    scene.yields(callee, 1, PPT, ...payload)
    scene.fails(callee, 2, 'com.app.error', PPT, ...payload)
    expect(caller.take()).deep.equal([
      [50, 1, { ...PPT, progress: true }, ...payload],
      [50, 1, PPT, ...payload],
      [8, 48, 2, PPT, 'com.app.error', ...payload],
    ])
  })

  it('is off without a scheme', () => {
    const { caller, callee } = scene
    scene.call(caller, 1, 'a.b', { ...PPT, ppt_scheme: '' })
    scene.call(caller, 2, 'a.b', { ...PPT, ppt_scheme: 7 })
    scene.call(caller, 3, 'a.b', { ppt_keyid: 'k1' })
    for (const invocation of callee.take()) expect(invocation[3]).deep.equal({})
    expect(passthruOf({ ppt_scheme: 'a', ppt_keyid: null })).deep.equal({ ppt_scheme: 'a' })
  })

  it('is a violation by those who did not announce it', () => {
    const { caller, plainCaller, plainCallee } = scene
    expect(() => scene.call(plainCaller, 1, 'a.b', PPT)).throws(ProtocolViolation)
    scene.call(caller, 1, 'a.c')
    expect(() => scene.yields(plainCallee, 1, PPT)).throws(ProtocolViolation)
    expect(() => scene.fails(plainCallee, 1, 'com.app.error', PPT)).throws(ProtocolViolation)
    scene.yields(plainCallee, 1)
    expect(caller.take()).deep.equal([[50, 1, {}]])
  })

  it('is refused where the callee did not announce it', () => {
    scene.call(scene.caller, 1, 'a.c', PPT, ...payload)
    expect(heard(scene.caller)).deep.equal([callError(1, 'feature_not_supported')])
    expect(scene.plainCallee.take()).deep.equal([])
  })

  it('ends the call where the caller could not read the answer', () => {
    const { plainCaller, callee } = scene
    const answers = [
      () => scene.yields(callee, 1, PPT, ...payload),
      () => scene.fails(callee, 2, 'com.app.error', PPT, ...payload),
      () => scene.yields(callee, 3, { ...PPT, progress: true }, ...payload),
    ]
    for (const [i, answer] of answers.entries()) {
      scene.call(plainCaller, i + 1, 'a.b', { receive_progress: true })
      callee.take()
      answer()
      expect(heard(plainCaller)).deep.equal([callError(i + 1, 'feature_not_supported')])
      // Only to one that goes on is there something to say.
      expect(callee.take()).deep.equal(i === 2 ? [[69, 3, { mode: 'killnowait' }]] : [])
    }
  })
})
