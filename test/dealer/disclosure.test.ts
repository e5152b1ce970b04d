import { expect } from 'chai'
import type { Disclosure } from '../../src/protocol/disclosure.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { callError, heard, Scene } from './scene.ts'

const WISH = { disclose_me: true }

describe('the identity of a caller', () => {
  let scene: Scene
  let identity: Dict

  beforeEach(() => {
    scene = new Scene()
    const { id, authid, authrole } = scene.caller
    identity = { caller: id, caller_authid: authid, caller_authrole: authrole }
    scene.register(scene.callee, 'a.b')
    scene.register(scene.callee, 'a.c', { disclose_caller: true })
  })

  /** Details of the invocation, by rule, procedure and options; the error where there is none. */
  function told(disclosure: Disclosure, procedure: string, options: Dict): unknown {
    const request = scene.caller.messages.length + 1
    scene.callUnder({ disclosure }, scene.caller, request, procedure, options)
    const [invocation] = scene.callee.take()
    scene.dealer.leave(scene.caller)
    scene.callee.take()
    return invocation === undefined ? heard(scene.caller)[0] : invocation[3]
  }

  for (const [disclosure, plain, wished, asked, both] of [
    ['requested', false, true, true, true],
    ['always', true, true, true, true],
    ['ignored', false, false, false, false],
    ['refused', false, 'error', false, 'error'],
  ] as const) {
    it(`is told as the rule ${disclosure} has it`, () => {
      const refused = callError(1, 'option_disallowed.disclose_me')
      const expected = (outcome: boolean | 'error') =>
        outcome === 'error' ? refused : outcome ? identity : {}
      expect(told(disclosure, 'a.b', {})).deep.equal(expected(plain))
      expect(told(disclosure, 'a.b', WISH)).deep.equal(expected(wished))
      expect(told(disclosure, 'a.c', {})).deep.equal(expected(asked))
      expect(told(disclosure, 'a.c', WISH)).deep.equal(expected(both))
      expect(told(disclosure, 'a.b', { disclose_me: 1 })).deep.equal(expected(plain))
    })
  }

  it('is told only to callees whose own rule lets them ask', () => {
    const error = 'wamp.error.option_disallowed.disclose_me'
    const options = { disclose_caller: true }
    expect(scene.register(scene.callee, 'a.d', options, 'refused')).equal(error)
    expect(scene.register(scene.callee, 'a.d', options, 'ignored')).a('number')
    expect(told('requested', 'a.d', {})).deep.equal({})
  })
})

describe('the trust level of a call', () => {
  it('is that of its rule, 0 too', () => {
    const scene = new Scene()
    scene.register(scene.callee, 'a.b')
    for (const [i, trustlevel] of [0, 7].entries()) {
      const options = { trustlevel: 99 }
      scene.callUnder({ trustlevel }, scene.caller, i + 1, 'a.b', options)
      expect(scene.callee.take()[0]?.[3]).deep.equal({ trustlevel })
    }
    scene.call(scene.caller, 3, 'a.b', { trustlevel: 99 })
    expect(scene.callee.take()[0]?.[3]).deep.equal({})
  })
})
