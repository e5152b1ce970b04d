import { expect } from 'chai'
import { Dealer } from '../../src/dealer/dealer.ts'
import type { Match } from '../../src/match/uri.ts'
import {
  PAYLOAD_SIZE_EXCEEDED,
  PayloadError,
  ProtocolViolation,
} from '../../src/protocol/errors.ts'
import { CALLEE_CANCELS, CALLER_FORGETS } from '../../src/protocol/features.ts'
import type {
  Call,
  Cancel,
  ErrorMessage,
  Register,
  Unregister,
  Yield,
} from '../../src/protocol/messages.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

describe('the dealer', () => {
  let dealer: Dealer
  let caller: Recorder
  let callee: Recorder
  /** A callee that has announced that it takes INTERRUPT. */
  let patient: Recorder

  beforeEach(() => {
    dealer = new Dealer({ clock: new FakeClock() })
    caller = new Recorder()
    callee = new Recorder()
    patient = new Recorder({ features: CALLEE_CANCELS })
  })

  /** Registers and gives the registration's id, or the URI of the error. */
  function register(peer: Recorder, procedure: string, match: Match = 'exact'): unknown {
    dealer.register(peer, messageOf([64, 3, { match }, procedure]) as Register, match)
    const [answer] = peer.take()
    if (answer?.[0] === 8) expect(answer.slice(0, 4)).deep.equal([8, 64, 3, {}])
    else expect(answer?.slice(0, 2)).deep.equal([65, 3])
    return answer?.at(-1)
  }

  /** Unregisters and gives the answer. */
  function unregister(peer: Recorder, registration: unknown): unknown[] | undefined {
    dealer.unregister(peer, messageOf([66, 4, registration]) as Unregister)
    return peer.take()[0]
  }

  function call(peer: Recorder, request: number, procedure: string, ...payload: unknown[]): void {
    dealer.call(peer, messageOf([48, request, {}, procedure, ...payload]) as Call)
  }

  function cancel(peer: Recorder, request: number, options: Dict): void {
    dealer.cancel(peer, messageOf([49, request, options]) as Cancel)
  }

  function yields(peer: Recorder, invocation: number, ...payload: unknown[]): void {
    dealer.yield(peer, messageOf([70, invocation, {}, ...payload]) as Yield)
  }

  function fails(peer: Recorder, invocation: number, uri: string, ...payload: unknown[]): void {
    dealer.error(peer, messageOf([8, 68, invocation, { own: 1 }, uri, ...payload]) as ErrorMessage)
  }

  const canceled = (request: number) => [8, 48, request, {}, 'wamp.error.canceled']

  describe('on REGISTER', () => {
    it('gives every registration an id of its own', () => {
      const ids = [
        register(callee, 'a.b'),
        register(callee, 'a.c'),
        register(patient, 'a.d'),
        register(callee, 'a.b', 'prefix'),
        register(callee, 'a.b', 'wildcard'),
      ]
      expect(new Set(ids).size).equal(5)
    })

    it('refuses a procedure that is taken, by whomever', () => {
      for (const match of ['exact', 'prefix', 'wildcard'] as const) {
        register(callee, 'a.b', match)
        for (const peer of [callee, patient]) {
          expect(register(peer, 'a.b', match)).equal('wamp.error.procedure_already_exists')
        }
      }
      call(caller, 1, 'a.b')
      expect(callee.take().length).equal(1)
    })
  })

  describe('on UNREGISTER', () => {
    const refused = [8, 66, 4, {}, 'wamp.error.no_such_registration']

    it('sends no more invocations', () => {
      const id = register(callee, 'a.b')
      expect(unregister(callee, id)).deep.equal([67, 4])
      call(caller, 1, 'a.b')
      expect(caller.take()[0]?.[4]).equal('wamp.error.no_such_procedure')
      expect(callee.take()).deep.equal([])
    })

    it('frees the procedure for others, under a new id', () => {
      for (const match of ['exact', 'prefix', 'wildcard'] as const) {
        const id = register(callee, 'a.b', match)
        unregister(callee, id)
        expect(register(patient, 'a.b', match)).above(id as number)
      }
    })

    it('refuses an id that it never gave, or a second time', () => {
      expect(unregister(callee, 4711)).deep.equal(refused)
      const id = register(callee, 'a.b')
      unregister(callee, id)
      expect(unregister(callee, id)).deep.equal(refused)
    })

    it('refuses the registration of another, and leaves it to that one', () => {
      const id = register(callee, 'a.b')
      expect(unregister(caller, id)).deep.equal(refused)
      call(caller, 1, 'a.b')
      expect(callee.take().length).equal(1)
    })

    it('lets calls that run go on', () => {
      const id = register(callee, 'a.b')
      call(caller, 1, 'a.b')
      unregister(callee, id)
      yields(callee, 1, ['done'])
      expect(caller.take()).deep.equal([[50, 1, {}, ['done']]])
    })
  })

  describe('on CALL', () => {
    it('passes payloads on as they came, there and back', () => {
      const id = register(callee, 'a.b')
      const payloads = [[], [[1, null]], [[], { a: 1 }]]
      payloads.forEach((payload, i) => {
        call(caller, i + 1, 'a.b', ...payload)
        expect(callee.take()).deep.equal([[68, i + 1, id, {}, ...payload]])
        yields(callee, i + 1, ...payload)
        expect(caller.take()).deep.equal([[50, i + 1, {}, ...payload]])
      })
    })

    it('passes the very same payload on, unopened', () => {
      register(callee, 'a.b')
      const message = messageOf([48, 1, {}, 'a.b', [1]]) as Call
      message.payload.open = () => expect.fail('the dealer looked inside')
      dealer.call(caller, message)
      expect((callee.messages[0] as Call).payload).equal(message.payload)
      const answer = messageOf([70, 1, {}, [1]]) as Yield
      answer.payload.open = message.payload.open
      dealer.yield(callee, answer)
      expect((caller.messages[0] as Call).payload).equal(answer.payload)
    })

    it('passes errors on with URI and payload, but not with details', () => {
      register(callee, 'a.b')
      const uris = ['com.app.error', 'wamp.error.runtime_error', 'no uri at all!']
      uris.forEach((uri, i) => {
        call(caller, i + 1, 'a.b')
        fails(callee, i + 1, uri, ['because'], { a: 1 })
        expect(caller.take()).deep.equal([[8, 48, i + 1, {}, uri, ['because'], { a: 1 }]])
      })
    })

    it('tells who calls a procedure that nobody has', () => {
      call(caller, 1, 'a.b')
      const [answer] = caller.take()
      expect(answer?.slice(0, 5)).deep.equal([8, 48, 1, {}, 'wamp.error.no_such_procedure'])
    })

    it('tells nothing of its options to the callee', () => {
      register(callee, 'a.b')
      const options = { timeout: 5, receive_progress: true, _wait: 5, _own: 1, ppt_keyid: 'a' }
      dealer.call(caller, messageOf([48, 1, options, 'a.b']) as Call)
      expect(callee.take()[0]?.[3]).deep.equal({})
    })

    it('lets a session call its own procedure', () => {
      const id = register(callee, 'a.b')
      call(callee, 1, 'a.b', [1])
      yields(callee, 1, [2])
      expect(callee.take()).deep.equal([
        [68, 1, id, {}, [1]],
        [50, 1, {}, [2]],
      ])
    })

    it('numbers invocations for each callee from 1 without gaps', () => {
      register(callee, 'a.b')
      register(callee, 'a.c')
      register(patient, 'a.d')
      const procedures = ['a.b', 'a.d', 'a.c', 'a.x', 'a.b', 'a.d']
      procedures.forEach((procedure, i) => {
        call(caller, i + 1, procedure)
      })
      expect(callee.take().map(invocation => invocation[1])).deep.equal([1, 2, 3])
      expect(patient.take().map(invocation => invocation[1])).deep.equal([1, 2])
    })

    it('tells two callers with the same request numbers apart', () => {
      const other = new Recorder()
      register(callee, 'a.b')
      call(caller, 1, 'a.b')
      call(other, 1, 'a.b')
      yields(callee, 2, ['other'])
      yields(callee, 1, ['caller'])
      expect(other.take()).deep.equal([[50, 1, {}, ['other']]])
      expect(caller.take()).deep.equal([[50, 1, {}, ['caller']]])
    })

    it('goes to the best registration, and names the procedure where that is a pattern', () => {
      const details = { procedure: 'a.b.c' }
      const wildcard = register(callee, 'a..c', 'wildcard')
      call(caller, 1, 'a.b.c')
      expect(callee.take()).deep.equal([[68, 1, wildcard, details]])
      const prefix = register(callee, 'a.b', 'prefix')
      call(caller, 2, 'a.b.c')
      expect(callee.take()).deep.equal([[68, 2, prefix, details]])
      const exact = register(callee, 'a.b.c')
      call(caller, 3, 'a.b.c')
      expect(callee.take()).deep.equal([[68, 3, exact, {}]])
    })

    it('ends the session of who uses the number of an open call again', () => {
      register(callee, 'a.b')
      call(caller, 1, 'a.b')
      expect(() => call(caller, 1, 'a.b')).throws(ProtocolViolation)
      yields(callee, 1)
      call(caller, 1, 'a.b')
      expect(callee.take().length).equal(2)
    })

    it('keeps nothing where the payload does not fit the callee', () => {
      register(patient, 'a.b')
      patient.refuses = () => true
      call(caller, 1, 'a.b', [1])
      expect(caller.take().map(answer => answer.slice(0, 5))).deep.equal([
        [8, 48, 1, {}, 'wampd.error.untranslatable_payload'],
      ])
      patient.refuses = () => false
      cancel(caller, 1, { mode: 'kill' })
      expect(() => yields(patient, 1)).throws(ProtocolViolation)
      call(caller, 1, 'a.b')
      expect(patient.take().map(message => message.slice(0, 2))).deep.equal([[68, 1]])
      dealer.leave(patient)
      expect(caller.take().length).equal(1)
    })
  })

  describe('on an answer', () => {
    beforeEach(() => {
      register(callee, 'a.b')
      call(caller, 1, 'a.b')
      callee.take()
    })

    it('passes on the first and drops what follows', () => {
      yields(callee, 1, ['first'])
      yields(callee, 1, ['second'])
      fails(callee, 1, 'com.app.error')
      expect(caller.take()).deep.equal([[50, 1, {}, ['first']]])
      expect(callee.take()).deep.equal([])
    })

    it('to an invocation that was never sent ends the session', () => {
      for (const peer of [callee, caller, patient]) {
        expect(() => yields(peer, 2)).throws(ProtocolViolation, 'YIELD')
        expect(() => fails(peer, 2, 'com.app.error')).throws(ProtocolViolation, 'ERROR')
      }
    })

    it('from another session has no effect', () => {
      expect(() => yields(caller, 1)).throws(ProtocolViolation)
      register(patient, 'a.d')
      call(caller, 2, 'a.d')
      yields(patient, 1, ['of a.d'])
      expect(caller.take()).deep.equal([[50, 2, {}, ['of a.d']]])
      yields(patient, 1, ['again'])
      expect(caller.take()).deep.equal([])
      yields(callee, 1, ['of a.b'])
      expect(caller.take()).deep.equal([[50, 1, {}, ['of a.b']]])
    })

    it('that is an ERROR to something else than an invocation ends the session', () => {
      for (const type of [48, 64, 16, 0, 67]) {
        const message = messageOf([8, type, 1, {}, 'com.app.error']) as ErrorMessage
        expect(() => dealer.error(callee, message)).throws(ProtocolViolation)
      }
      expect(caller.take()).deep.equal([])
    })

    it('that is only progress waits for the final one', () => {
      dealer.yield(callee, messageOf([70, 1, { progress: true }, [1]]) as Yield)
      expect(caller.take()).deep.equal([])
      yields(callee, 1, ['final'])
      expect(caller.take()).deep.equal([[50, 1, {}, ['final']]])
    })

    it('that does not fit the caller becomes an error', () => {
      caller.refuses = message => message.type === 50
      yields(callee, 1, ['odd'])
      const [answer] = caller.take()
      expect(answer?.slice(0, 5)).deep.equal([8, 48, 1, {}, 'wampd.error.untranslatable_payload'])
      yields(callee, 1)
      expect(caller.take()).deep.equal([])
    })

    it('that is too large for the caller is told to the caller', () => {
      const send = caller.send.bind(caller)
      caller.send = message => {
        if (message.type === 50) throw new PayloadError('512 bytes at most', PAYLOAD_SIZE_EXCEEDED)
        send(message)
      }
      yields(callee, 1, ['much'])
      expect(caller.take()).deep.equal([
        [8, 48, 1, {}, 'wamp.error.payload_size_exceeded', ['512 bytes at most']],
      ])
    })

    it('that is an error and does not fit the caller becomes another', () => {
      caller.refuses = message => message.type === 8 && message.error === 'com.app.error'
      fails(callee, 1, 'com.app.error', ['odd'])
      expect(caller.take()[0]?.[4]).equal('wampd.error.untranslatable_payload')
    })
  })

  describe('on CANCEL', () => {
    const interrupted = (mode: string) => [69, 1, { mode }]

    beforeEach(() => {
      register(callee, 'a.b')
      register(patient, 'a.c')
    })

    /** Begins call 1 and cancels it. */
    function callAndCancel(procedure: string, options: Dict): void {
      call(caller, 1, procedure)
      callee.take()
      patient.take()
      cancel(caller, 1, options)
    }

    for (const [mode, options] of [
      ['skip', { mode: 'skip' }],
      ['killnowait', { mode: 'killnowait' }],
      ['killnowait', {}],
      ['killnowait', { mode: '' }],
      ['killnowait', { mode: null }],
    ] as const) {
      it(`with ${JSON.stringify(options)} answers the caller at once`, () => {
        for (const [peer, procedure] of [
          [callee, 'a.b'],
          [patient, 'a.c'],
        ] as const) {
          callAndCancel(procedure, options)
          expect(caller.take()).deep.equal([canceled(1)])
          const hears = peer === patient && mode !== 'skip'
          expect(peer.take()).deep.equal(hears ? [interrupted(mode)] : [])
          yields(peer, 1, ['late'])
          fails(peer, 1, 'com.app.late')
          expect(caller.take()).deep.equal([])
        }
      })
    }

    it('with kill interrupts the callee, and the caller gets its answer', () => {
      callAndCancel('a.c', { mode: 'kill' })
      expect(patient.take()).deep.equal([interrupted('kill')])
      expect(caller.take()).deep.equal([])
      fails(patient, 1, 'com.app.stopped', [1])
      expect(caller.take()).deep.equal([[8, 48, 1, {}, 'com.app.stopped', [1]]])
    })

    it('with kill gives the caller the result of a callee that had finished', () => {
      callAndCancel('a.c', { mode: 'kill' })
      yields(patient, 1, ['done'])
      expect(caller.take()).deep.equal([[50, 1, {}, ['done']]])
    })

    it('with kill ends the call at once where the callee cannot be interrupted', () => {
      callAndCancel('a.b', { mode: 'kill' })
      expect(callee.take()).deep.equal([])
      expect(caller.take()).deep.equal([canceled(1)])
    })

    it('with kill answers the caller when the callee leaves instead', () => {
      callAndCancel('a.c', { mode: 'kill' })
      dealer.leave(patient)
      expect(caller.take().map(answer => answer.slice(0, 5))).deep.equal([canceled(1)])
    })

    it('after kill need not wait any more, and interrupts nobody again', () => {
      for (const [i, mode] of ['killnowait', 'skip'].entries()) {
        call(caller, 1, 'a.c')
        cancel(caller, 1, { mode: 'kill' })
        cancel(caller, 1, { mode: 'kill' })
        cancel(caller, 1, { mode })
        expect(patient.take().slice(1)).deep.equal([[69, i + 1, { mode: 'kill' }]])
        expect(caller.take()).deep.equal([canceled(1)])
        cancel(caller, 1, { mode })
        expect(caller.take()).deep.equal([])
      }
    })

    it('is not answered to a client that forgets what it cancels, but with kill', () => {
      const autobahn = new Recorder({ features: CALLER_FORGETS })
      for (const [i, mode] of ['skip', 'killnowait', '', 'nonsense'].entries()) {
        call(autobahn, i + 1, 'a.c')
        cancel(autobahn, i + 1, { mode })
        yields(patient, i + 1)
      }
      expect(autobahn.take()).deep.equal([])
      const interrupts = patient.take().filter(message => message[0] === 69)
      expect(interrupts.map(message => message[1])).deep.equal([2, 3])
      for (const [request, procedure] of [
        [5, 'a.b'],
        [6, 'a.c'],
      ] as const) {
        call(autobahn, request, procedure)
        cancel(autobahn, request, { mode: 'kill' })
      }
      fails(patient, 5, 'wamp.error.canceled')
      expect(autobahn.take()).deep.equal([canceled(5), canceled(6)])
      expect(dealer.load).deep.equal({ made: 0, taken: 0, waiting: 0 })
    })

    it('of a mode that is not known ends the call, and says so', () => {
      for (const mode of [
        'abort',
        'KILL',
        '__proto__',
        'constructor',
        'toString',
        5,
        {},
        [],
        true,
      ]) {
        call(caller, 1, 'a.c')
        patient.take()
        cancel(caller, 1, { mode })
        const answers = caller.take()
        expect(answers.map(answer => answer.slice(0, 5))).deep.equal([
          [8, 48, 1, {}, 'wamp.error.invalid_argument'],
        ])
        expect(patient.take()).deep.equal([])
      }
      yields(patient, 1)
      expect(caller.take()).deep.equal([])
    })

    it('is silent about calls that are over, unknown, or of others', () => {
      call(caller, 1, 'a.c')
      patient.take()
      for (const mode of ['skip', 'kill', 'killnowait', 'nonsense']) {
        cancel(caller, 2, { mode })
        cancel(callee, 1, { mode })
        cancel(patient, 1, { mode })
      }
      yields(patient, 1)
      expect(caller.take()).deep.equal([[50, 1, {}]])
      cancel(caller, 1, { mode: 'kill' })
      for (const peer of [caller, callee, patient]) expect(peer.take()).deep.equal([])
    })
  })

  describe('when a callee leaves', () => {
    it('answers all who wait for it, at once', () => {
      const other = new Recorder()
      register(callee, 'a.b')
      register(patient, 'a.c')
      call(caller, 1, 'a.b')
      call(caller, 2, 'a.c')
      call(caller, 3, 'a.b')
      call(other, 1, 'a.b')
      dealer.leave(callee)
      const heard = caller.take().map(answer => answer.slice(0, 5))
      expect(heard).deep.equal([canceled(1), canceled(3)])
      expect(other.take().map(answer => answer.slice(0, 5))).deep.equal([canceled(1)])
      yields(patient, 1)
      expect(caller.take()).deep.equal([[50, 2, {}]])
    })

    it('frees its procedures', () => {
      for (const match of ['exact', 'prefix', 'wildcard'] as const) {
        const id = register(callee, 'a.b', match)
        dealer.leave(callee)
        call(caller, 1, 'a.b')
        expect(caller.take()[0]?.[4]).equal('wamp.error.no_such_procedure')
        expect(unregister(callee, id)?.[4]).equal('wamp.error.no_such_registration')
        const next = new Recorder()
        expect(register(next, 'a.b', match)).above(id as number)
        dealer.leave(next)
      }
    })
  })

  describe('when a caller leaves', () => {
    it('drops the answers that come for it', () => {
      register(callee, 'a.b')
      call(caller, 1, 'a.b')
      call(caller, 2, 'a.b')
      dealer.leave(caller)
      yields(callee, 1)
      fails(callee, 2, 'com.app.error')
      expect(caller.take()).deep.equal([])
    })

    it('interrupts only callees that have announced it', () => {
      register(callee, 'a.b')
      register(patient, 'a.c')
      call(caller, 1, 'a.b')
      call(caller, 2, 'a.c')
      callee.take()
      patient.take()
      dealer.leave(caller)
      expect(callee.take()).deep.equal([])
      expect(patient.take()).deep.equal([[69, 1, { mode: 'killnowait' }]])
    })

    it('that calls itself is sent nothing', () => {
      register(patient, 'a.c')
      call(patient, 1, 'a.c')
      patient.take()
      dealer.leave(patient)
      expect(patient.take()).deep.equal([])
    })
  })
})
