import { expect } from 'chai'
import { PayloadError, UNAVAILABLE } from '../../src/protocol/errors.ts'
import { CALLEE_HEARS_REVOCATION, CALLEE_REROUTES } from '../../src/protocol/features.ts'
import { INVOKES } from '../../src/protocol/invoke.ts'
import { Recorder } from '../helpers/recorder.ts'
import { callError, heard, Scene } from './scene.ts'

const TAKEN = 'wamp.error.procedure_already_exists'

describe('a shared registration', () => {
  let scene: Scene
  let callees: Recorder[]
  /** What `random` draws next; 0 where the list is empty. */
  let draws: number[]
  let request: number

  beforeEach(() => {
    draws = []
    request = 0
    scene = new Scene({ random: () => draws.shift() ?? 0 })
    callees = [0, 1, 2].map(() => new Recorder({ features: CALLEE_REROUTES }))
  })

  function share(invoke: string, options = {}): unknown {
    return callees.map(callee => scene.register(callee, 'a.b', { invoke, ...options }))[0]
  }

  /** Calls and gives the number of the callee that has the call. */
  function call(caller = scene.caller): number {
    scene.call(caller, ++request, 'a.b')
    return callees.findIndex(callee => callee.take().length > 0)
  }

  const calls = (count: number) => Array.from({ length: count }, () => call())

  for (const invoke of INVOKES.filter(name => name !== 'single')) {
    it(`with ${invoke} is one registration, which each session joins once`, () => {
      const ids = callees.map(callee => scene.register(callee, 'a.b', { invoke }))
      expect(new Set(ids).size).equal(1)
      expect(scene.register(callees[1] as Recorder, 'a.b', { invoke })).equal(TAKEN)
      for (const other of INVOKES.filter(name => name !== invoke)) {
        expect(scene.register(scene.callee, 'a.b', { invoke: other })).equal(TAKEN)
      }
      expect(scene.register(scene.callee, 'a.b')).equal(TAKEN)
    })

    it(`with ${invoke} lasts as long as one is there, and then its policy is free`, () => {
      const id = share(invoke)
      expect(scene.unregister(callees[0] as Recorder, id)?.[0]).equal(67)
      expect(scene.unregister(callees[0] as Recorder, id)?.[4]).match(/no_such_registration/)
      scene.dealer.leave(callees[2] as Recorder)
      for (const left of [1, 1, 1]) expect(call()).equal(left)
      scene.unregister(callees[1] as Recorder, id)
      expect(call()).equal(-1)
      expect(heard(scene.caller)).deep.equal([callError(4, 'no_such_procedure')])
      expect(scene.register(scene.callee, 'a.b')).above(id as number)
    })
  }

  it('of one session is not to be had by others', () => {
    scene.register(scene.callee, 'a.b')
    expect(scene.register(callees[0] as Recorder, 'a.b', { invoke: 'roundrobin' })).equal(TAKEN)
  })

  it('needs a policy that is known', () => {
    for (const invoke of ['all', 5, {}, 'toString', '']) {
      expect(scene.register(scene.callee, 'a.b', { invoke })).equal('wamp.error.invalid_argument')
    }
    expect(scene.register(scene.callee, 'a.b', { invoke: null })).a('number')
  })

  it('with first or last goes to the oldest or the newest callee that is there', () => {
    const id = share('first')
    expect(calls(2)).deep.equal([0, 0])
    scene.unregister(callees[0] as Recorder, id)
    expect(calls(2)).deep.equal([1, 1])
    for (const callee of callees) scene.dealer.leave(callee)
    scene.caller.take()
    const last = share('last')
    expect(calls(2)).deep.equal([2, 2])
    scene.unregister(callees[2] as Recorder, last)
    expect(calls(2)).deep.equal([1, 1])
  })

  it('with roundrobin goes to each in turn, whoever comes and goes', () => {
    const id = share('roundrobin')
    expect(calls(4)).deep.equal([0, 1, 2, 0])
    scene.unregister(callees[0] as Recorder, id)
    expect(calls(3)).deep.equal([1, 2, 1])
    scene.register(callees[0] as Recorder, 'a.b', { invoke: 'roundrobin' })
    expect(calls(3)).deep.equal([2, 0, 1])
    scene.unregister(callees[2] as Recorder, id)
    expect(calls(2)).deep.equal([0, 1])
  })

  it('with random goes to whom chance will have', () => {
    share('random')
    draws = [0, 0.34, 0.67, 0.999]
    expect(calls(4)).deep.equal([0, 1, 2, 2])
  })

  it('with _least_pending goes to who has the fewest calls', () => {
    share('_least_pending')
    expect(calls(4)).deep.equal([0, 1, 2, 0])
    scene.yields(callees[1] as Recorder, 1)
    expect(calls(2)).deep.equal([1, 1])
  })

  it('with _sticky gives a caller the same callee again, while it is there', () => {
    share('_sticky')
    const other = new Recorder()
    const both = () => [call(), call(other)]
    expect([both(), both()]).deep.equal([
      [0, 1],
      [0, 1],
    ])
    scene.dealer.leave(callees[0] as Recorder)
    expect([both(), both()]).deep.equal([
      [2, 1],
      [2, 1],
    ])
  })

  describe('whose callee is unavailable', () => {
    const unavailable = (index: number, invocation = 1) =>
      scene.fails(callees[index] as Recorder, invocation, 'wamp.error.unavailable')
    const who = () => callees.findIndex(callee => callee.take().length > 0)

    for (const [invoke, order] of [
      ['first', [0, 1, 2]],
      ['last', [2, 1, 0]],
      ['roundrobin', [0, 1, 2]],
      ['_least_pending', [0, 1, 2]],
      ['_sticky', [0, 1, 2]],
    ] as const) {
      it(`asks the others, each once, by ${invoke}`, () => {
        share(invoke)
        scene.call(scene.caller, 1, 'a.b', {}, ['kept'])
        for (const index of order) {
          const callee = callees[index] as Recorder
          expect(callee.take().map(invocation => invocation.slice(3))).deep.equal([[{}, ['kept']]])
          expect(scene.caller.take()).deep.equal([])
          unavailable(index)
        }
        expect(heard(scene.caller)).deep.equal([callError(1, 'no_available_callee')])
        expect(scene.dealer.load).deep.equal({ made: 0, taken: 0, waiting: 0 })
      })
    }

    it('asks another at random, never the same', () => {
      share('random')
      draws = [0.5, 0.5, 0.9]
      expect(call()).equal(1)
      unavailable(1)
      expect(who()).equal(2)
      unavailable(2)
      expect(who()).equal(0)
    })

    it('gives the caller the answer of whom it was rerouted to', () => {
      share('first')
      call()
      unavailable(0)
      unavailable(0)
      scene.yields(callees[0] as Recorder, 1, {}, ['late'])
      scene.yields(callees[1] as Recorder, 1, {}, ['yes'])
      expect(scene.caller.take()).deep.equal([[50, 1, {}, ['yes']]])
    })

    it('does not ask others when the caller has canceled', () => {
      callees = [0, 1].map(() => new Recorder({ features: scene.callee.features }))
      share('first')
      call()
      scene.cancel(scene.caller, 1, 'kill')
      unavailable(0)
      expect(heard(scene.caller)).deep.equal([callError(1, 'canceled')])
      expect(callees[1]?.take()).deep.equal([])
    })

    it('is not asked again, and nobody else is, after progress', () => {
      share('first')
      scene.call(scene.caller, 1, 'a.b', { receive_progress: true })
      scene.yields(callees[0] as Recorder, 1, { progress: true })
      unavailable(0)
      expect(heard(scene.caller).at(-1)).deep.equal(callError(1, 'no_available_callee'))
    })

    it('passes the error on where the callee did not announce call_reroute', () => {
      callees = [0, 1].map(() => new Recorder())
      share('first')
      call()
      unavailable(0)
      expect(heard(scene.caller)).deep.equal([callError(1, 'unavailable')])
      expect(callees[1]?.take()).deep.equal([])
    })

    it('that is the only one is an error to the caller', () => {
      scene.register(scene.callee, 'a.c')
      scene.call(scene.caller, 1, 'a.c')
      scene.fails(scene.callee, 1, 'wamp.error.unavailable')
      expect(heard(scene.caller)).deep.equal([callError(1, 'no_available_callee')])
    })

    it('is not left waiting when all others go meanwhile', () => {
      share('first')
      call()
      scene.dealer.leave(callees[1] as Recorder)
      scene.dealer.leave(callees[2] as Recorder)
      unavailable(0)
      expect(heard(scene.caller)).deep.equal([callError(1, 'no_available_callee')])
    })

    it('keeps the time of a call that has one', () => {
      share('first')
      scene.call(scene.caller, 1, 'a.b', { timeout: 100 })
      scene.clock.pass(60)
      unavailable(0)
      scene.clock.pass(60)
      expect(heard(scene.caller)).deep.equal([callError(1, 'timeout')])
    })
  })

  describe('whose callee reads too slowly', () => {
    /** Nothing more fits what waits for it. */
    function slow(callee: Recorder): void {
      callee.send = () => {
        throw new PayloadError('the callee reads too slowly', UNAVAILABLE)
      }
    }

    it('leaves the call to the next', () => {
      share('roundrobin')
      slow(callees[0] as Recorder)
      expect(calls(4)).deep.equal([1, 2, 1, 2])
      expect(scene.caller.take()).deep.equal([])
    })

    it('tries each of them once, and then says so', () => {
      share('first')
      for (const callee of callees) slow(callee)
      expect(call()).equal(-1)
      const [answer] = scene.caller.take()
      expect(answer?.slice(4)).deep.equal([UNAVAILABLE, ['the callee reads too slowly']])
      expect(scene.dealer.load).deep.equal({ made: 0, taken: 0, waiting: 0 })
    })

    it('does so where the call has waited, too', () => {
      share('first', { concurrency: 1 })
      expect(calls(4)).deep.equal([0, 1, 2, -1])
      slow(callees[1] as Recorder)
      scene.yields(callees[1] as Recorder, 1)
      expect(scene.caller.take().map(([type]) => type)).deep.equal([50, 8])
    })
  })
})

describe('a registration that is revoked', () => {
  let scene: Scene
  beforeEach(() => {
    scene = new Scene()
  })

  function revoke(callee: Recorder, id: unknown, reason?: string): void {
    const endpoint = scene.dealer.registrations.find(id as number, callee)
    scene.dealer.revoke(endpoint as NonNullable<typeof endpoint>, reason)
  }

  it('is told to callees that announced it, and only to those', () => {
    const { callee, plainCallee } = scene
    const plainOnes = new Recorder({ features: CALLEE_HEARS_REVOCATION })
    for (const [peer, reason] of [
      [callee, 'com.app.moved'],
      [plainOnes, undefined],
      [plainCallee, 'com.app.moved'],
    ] as const) {
      const registration = scene.register(peer, 'a.b')
      revoke(peer, registration, reason)
      const details = reason === undefined ? { registration } : { registration, reason }
      expect(peer.take()).deep.equal(peer === plainCallee ? [] : [[67, 0, details]])
    }
  })

  it('takes no more calls, and answers those that it has', () => {
    const { caller, callee } = scene
    const id = scene.register(callee, 'a.b')
    scene.call(caller, 1, 'a.b')
    revoke(callee, id)
    scene.call(caller, 2, 'a.b')
    scene.yields(callee, 1, {}, ['done'])
    expect(heard(caller)).deep.equal([callError(2, 'no_such_procedure'), [50, 1, {}, ['done']]])
    callee.take()
    expect(scene.unregister(callee, id)?.[4]).equal('wamp.error.no_such_registration')
  })
})

describe('a registration that somebody else wants', () => {
  const REVOKED = { reason: 'wampd.registration.replaced' }
  let old: Recorder
  let fresh: Recorder

  beforeEach(() => {
    old = new Recorder({ authid: 'service', features: CALLEE_HEARS_REVOCATION })
    fresh = new Recorder({ authid: 'service' })
  })

  it('stays with its callee, though that is the same user', () => {
    const scene = new Scene()
    scene.register(old, 'a.b')
    expect(scene.register(fresh, 'a.b')).equal(TAKEN)
  })

  it('goes to the same user where the realm says so', () => {
    const scene = new Scene({ options: { takeover: 'registrations' } })
    const registration = scene.register(old, 'a.b')
    scene.call(scene.caller, 1, 'a.b')
    old.take()
    expect(scene.register(fresh, 'a.b')).above(registration as number)
    expect(old.take()).deep.equal([[67, 0, { registration, ...REVOKED }]])
    scene.call(scene.caller, 2, 'a.b')
    expect(fresh.take().length).equal(1)
    scene.yields(old, 1, {}, ['old'])
    expect(scene.caller.take()).deep.equal([[50, 1, {}, ['old']]])
    expect(scene.register(fresh, 'a.b')).equal(TAKEN)
    expect(scene.register(scene.callee, 'a.b')).equal(TAKEN)
  })

  it('goes to the same user by force_reregister, shared or not', () => {
    const scene = new Scene()
    for (const invoke of ['single', 'roundrobin']) {
      scene.register(old, invoke, { invoke })
      expect(scene.register(fresh, invoke, { invoke, force_reregister: true })).a('number')
      expect(old.take()[0]?.[2]).include(REVOKED)
    }
    expect(scene.register(fresh, 'single', { force_reregister: true })).a('number')
  })

  it('goes to another user by force_reregister only where the realm says so', () => {
    for (const force_reregister of [false, true]) {
      const scene = new Scene({ options: { force_reregister } })
      scene.register(old, 'a.b')
      const answer = scene.register(scene.callee, 'a.b', { force_reregister: true })
      if (force_reregister) expect(answer).a('number')
      else expect(answer).equal(TAKEN)
      expect(old.take().length).equal(force_reregister ? 1 : 0)
    }
  })
})
