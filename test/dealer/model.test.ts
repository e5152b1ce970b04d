import { expect } from 'chai'
import fc from 'fast-check'
import { Dealer } from '../../src/dealer/dealer.ts'
import { CALLEE_CANCELS } from '../../src/protocol/features.ts'
import type {
  Call,
  Cancel,
  ErrorMessage,
  Message,
  Register,
  Unregister,
  Yield,
} from '../../src/protocol/messages.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'

/** A call as its two ends should see it. */
interface Expected {
  caller: Peer
  request: number
  callee: Peer
  invocation: number
  /** The callee was told to stop, and the caller waits. */
  killed: boolean
  /** Over: any further answer of the callee is late. */
  over: boolean
}

/** A session, and what it must have. */
class Peer {
  readonly recorder: Recorder
  request = 0
  lastInvocation = 0
  registrations = new Map<string, number>()
  here = true

  constructor(index: number) {
    this.recorder = new Recorder({ features: index % 2 === 0 ? CALLEE_CANCELS : 0 })
  }
}

const who = fc.nat({ max: 3 })
const which = fc.nat({ max: 1000 })
const procedure = fc.constantFrom('a.a', 'a.b', 'b')
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ does: fc.constant('register' as const), who, procedure }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('unregister' as const), who, procedure }) },
  { weight: 8, arbitrary: fc.record({ does: fc.constant('call' as const), who, procedure }) },
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constant('answer' as const),
      which,
      kind: fc.constantFrom('yield' as const, 'error' as const, 'progress' as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constant('cancel' as const),
      which,
      mode: fc.constantFrom('skip', 'kill', 'killnowait', '', 'nonsense'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('leave' as const), who }) },
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** The dealer beside a model of it: each step happens to both, and what peers hear is compared. */
class Course {
  readonly dealer = new Dealer({ clock: new FakeClock() })
  readonly peers = [0, 1, 2, 3].map(index => new Peer(index))
  readonly calls: Expected[] = []
  /** What the peers should hear in this step: the beginnings of lists. */
  readonly wanted = new Map<Peer, unknown[][]>()

  take(step: Step): void {
    this.wanted.clear()
    this[step.does](step as never)
    for (const peer of this.peers) {
      const heard = peer.recorder.take()
      const wanted = this.wanted.get(peer) ?? []
      expect(heard.length, 'messages').equal(wanted.length)
      wanted.forEach((list, i) => {
        expect(heard[i]?.slice(0, list.length)).deep.equal(list)
      })
    }
  }

  want(peer: Peer, ...list: unknown[]): void {
    this.wanted.set(peer, [...(this.wanted.get(peer) ?? []), list])
  }

  /** The session of that number; where it had left, a new one has come. */
  peer(index: number): Peer {
    const peer = this.peers[index] as Peer
    if (peer.here) return peer
    const fresh = new Peer(index)
    this.peers[index] = fresh
    return fresh
  }

  holder(procedure: string): Peer | undefined {
    return this.peers.find(peer => peer.here && peer.registrations.has(procedure))
  }

  register({ who, procedure }: { who: number; procedure: string }): void {
    const peer = this.peer(who)
    const request = ++peer.request
    if (this.holder(procedure) !== undefined) {
      this.want(peer, 8, 64, request, {}, 'wamp.error.procedure_already_exists')
    } else this.want(peer, 65, request)
    const message = messageOf([64, request, {}, procedure]) as Register
    this.dealer.register(peer.recorder, message, 'exact')
    const [answer] = peer.recorder.messages
    if (answer?.type === 65) peer.registrations.set(procedure, answer.registration)
  }

  unregister({ who, procedure }: { who: number; procedure: string }): void {
    const peer = this.peer(who)
    const request = ++peer.request
    // What another holds, where this one does not.
    const registration =
      peer.registrations.get(procedure) ?? this.holder(procedure)?.registrations.get(procedure)
    if (peer.registrations.delete(procedure)) this.want(peer, 67, request)
    else this.want(peer, 8, 66, request, {}, 'wamp.error.no_such_registration')
    const message = messageOf([66, request, registration ?? 4711]) as Unregister
    this.dealer.unregister(peer.recorder, message)
  }

  call({ who, procedure }: { who: number; procedure: string }): void {
    const caller = this.peer(who)
    const request = ++caller.request
    const callee = this.holder(procedure)
    if (callee === undefined) {
      this.want(caller, 8, 48, request, {}, 'wamp.error.no_such_procedure')
    } else {
      const invocation = ++callee.lastInvocation
      this.calls.push({ caller, request, callee, invocation, killed: false, over: false })
      const registration = callee.registrations.get(procedure)
      this.want(callee, 68, invocation, registration, {}, [request])
    }
    this.dealer.call(caller.recorder, messageOf([48, request, {}, procedure, [request]]) as Call)
  }

  answer({ which, kind }: { which: number; kind: 'yield' | 'error' | 'progress' }): void {
    const call = this.#some(which, call => call.callee.here)
    if (call === undefined) return
    const { caller, request, callee, invocation } = call
    if (!call.over && kind !== 'progress') {
      call.over = true
      if (kind === 'yield') this.want(caller, 50, request, {}, [invocation])
      else this.want(caller, 8, 48, request, {}, 'com.app.error', [invocation])
    }
    if (kind === 'error') {
      const message = messageOf([8, 68, invocation, {}, 'com.app.error', [invocation]])
      this.dealer.error(callee.recorder, message as ErrorMessage)
    } else {
      const message = messageOf([70, invocation, { progress: kind === 'progress' }, [invocation]])
      this.dealer.yield(callee.recorder, message as Yield)
    }
  }

  cancel({ which, mode }: { which: number; mode: string }): void {
    const call = this.#some(which, call => call.caller.here)
    if (call === undefined) return
    const { caller, request, callee, invocation } = call
    const known = mode !== 'nonsense'
    const interruptible = callee.recorder.features === CALLEE_CANCELS
    if (!call.over) {
      if (known && mode !== 'skip' && interruptible && !call.killed) {
        this.want(callee, 69, invocation, { mode: mode || 'killnowait' })
      }
      if (mode === 'kill') call.killed = true
      if (mode !== 'kill' || !interruptible) {
        call.over = true
        const error = known ? 'wamp.error.canceled' : 'wamp.error.invalid_argument'
        this.want(caller, 8, 48, request, {}, error)
      }
    }
    this.dealer.cancel(caller.recorder, messageOf([49, request, { mode }]) as Cancel)
  }

  leave({ who }: { who: number }): void {
    const peer = this.peer(who)
    peer.here = false
    const open = this.calls.filter(call => !call.over)
    for (const call of open.filter(({ callee }) => callee === peer)) {
      call.over = true
      const { caller, request } = call
      if (caller !== peer) this.want(caller, 8, 48, request, {}, 'wamp.error.canceled')
    }
    for (const call of open.filter(({ caller, over }) => caller === peer && !over)) {
      call.over = true
      const { callee, invocation } = call
      if (callee.recorder.features === CALLEE_CANCELS && !call.killed) {
        this.want(callee, 69, invocation, { mode: 'killnowait' })
      }
    }
    this.dealer.leave(peer.recorder)
  }

  /** Mostly a call that is open, now and then one that is over. */
  #some(which: number, fits: (call: Expected) => boolean): Expected | undefined {
    const open = this.calls.filter(call => fits(call) && (!call.over || which % 5 === 0))
    return open[which % (open.length || 1)]
  }
}

describe('the dealer, whatever its peers do', () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 80 })

  it('sends each of them exactly what a model of it says', () => {
    fc.assert(
      fc.property(steps, steps => {
        const course = new Course()
        for (const step of steps) course.take(step)
      }),
      { numRuns: 1500 },
    )
  })

  it('answers each call once in the end, and never twice', () => {
    fc.assert(
      fc.property(steps, fc.constantFrom('answer', 'leave'), (steps, end) => {
        const course = new Course()
        const heard = new Map<Recorder, Message[]>()
        const everybody = new Set<Recorder>()
        const listen = () => {
          for (const peer of course.peers) everybody.add(peer.recorder)
          for (const recorder of everybody) {
            heard.set(recorder, [...(heard.get(recorder) ?? []), ...recorder.messages.splice(0)])
          }
        }
        for (const step of steps) {
          course[step.does](step as never)
          listen()
        }
        // All that is open is answered, or falls with its callee.
        if (end === 'leave') for (const who of [1, 3]) course.leave({ who })
        for (const { callee, invocation } of course.calls.filter(({ callee }) => callee.here)) {
          course.dealer.yield(callee.recorder, messageOf([70, invocation, {}]) as Yield)
        }
        listen()
        for (const { caller, request } of course.calls) {
          const answers = (heard.get(caller.recorder) ?? []).filter(
            message =>
              (message.type === 50 && message.request === request) ||
              (message.type === 8 && message.requestType === 48 && message.request === request),
          )
          if (caller.here) expect(answers.length).equal(1)
          else expect(answers.length).at.most(1)
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps nothing of those who have left', () => {
    fc.assert(
      fc.property(steps, steps => {
        const course = new Course()
        for (const step of steps) course.take(step)
        for (const who of [0, 1, 2, 3]) course.take({ does: 'leave', who })
        // All procedures are free, and nobody is sent anything for calls of the past.
        for (const procedure of ['a.a', 'a.b', 'b'] as const) {
          course.take({ does: 'call', who: 0, procedure })
          course.take({ does: 'register', who: 1, procedure })
          course.take({ does: 'call', who: 0, procedure })
        }
        expect(course.calls.filter(call => !call.over).length).equal(3)
        expect(course.calls.slice(-3).map(call => call.invocation)).deep.equal([1, 2, 3])
      }),
      { numRuns: 500 },
    )
  })
})
