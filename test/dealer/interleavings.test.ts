import { expect } from 'chai'
import fc from 'fast-check'
import { Dealer } from '../../src/dealer/dealer.ts'
import { CALLEE_CANCELS, CALLER_FORGETS, CALLER_SENDS_PARTS } from '../../src/protocol/features.ts'
import { INVOKES } from '../../src/protocol/invoke.ts'
import type { Message } from '../../src/protocol/messages.ts'
import type { Dict } from '../../src/protocol/payload.ts'
import { FakeClock } from '../helpers/fake-clock.ts'
import { memory } from '../helpers/memory.ts'
import { messageOf, Recorder } from '../helpers/recorder.ts'
import { ALL_FEATURES } from './scene.ts'

/** Callees with and without every feature, and a caller that forgets what it cancels. */
const FEATURES = [ALL_FEATURES, 0, ALL_FEATURES & ~CALLEE_CANCELS, ALL_FEATURES | CALLER_FORGETS]
const PROCEDURES = ['a.a', 'a.b', 'b']

const who = fc.nat({ max: FEATURES.length - 1 })
const which = fc.nat({ max: 1000 })
const procedure = fc.constantFrom(...PROCEDURES)
const maybe = <T>(value: T) => fc.constantFrom(undefined, undefined, value)
const pattern = fc.constantFrom(...PROCEDURES.map(uri => [uri, 'exact']), ['a.', 'prefix'])

const steps = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: step('register', {
        who,
        pattern,
        invoke: fc.constantFrom(...INVOKES),
        concurrency: maybe(1),
        forward_timeout: maybe(true),
        force_reregister: maybe(true),
      }),
    },
    { weight: 1, arbitrary: step('unregister', { who, which }) },
    { weight: 1, arbitrary: step('revoke', { which }) },
    {
      weight: 9,
      arbitrary: step('call', {
        who,
        procedure,
        timeout: maybe(30),
        receive_progress: maybe(true),
        progress: maybe(true),
        _wait: maybe(40),
      }),
    },
    { weight: 3, arbitrary: step('part', { which, progress: fc.boolean() }) },
    {
      weight: 8,
      arbitrary: step('answer', {
        which,
        kind: fc.constantFrom('yield', 'error', 'progress', 'unavailable'),
      }),
    },
    {
      weight: 4,
      arbitrary: step('cancel', {
        which,
        mode: fc.constantFrom('skip', 'kill', 'killnowait', '', 'nonsense'),
      }),
    },
    { weight: 3, arbitrary: step('pass', { time: fc.nat({ max: 60 }) }) },
    { weight: 1, arbitrary: step('leave', { who }) },
    { weight: 1, arbitrary: step('block', { who, blocked: fc.boolean() }) },
  ),
  { minLength: 5, maxLength: 60 },
)

type Step = typeof steps extends fc.Arbitrary<(infer S)[]> ? S : never

function step<Name extends string, Fields>(
  does: Name,
  fields: { [K in keyof Fields]: fc.Arbitrary<Fields[K]> },
) {
  return fc.record({ does: fc.constant(does), ...fields }) as fc.Arbitrary<{ does: Name } & Fields>
}

/** A call, as its caller sees it. */
interface Made {
  readonly peer: Peer
  readonly request: number
  readonly procedure: string
  readonly wantsProgress: boolean
  moreParts: boolean
  answers: number
  /** A CANCEL told the router that its caller forgets it. */
  forgotten: boolean
}

/** An invocation, as its callee sees it. */
interface Taken {
  readonly peer: Peer
  readonly invocation: number
  interrupts: number
  answered: boolean
}

class Peer {
  readonly recorder: Recorder
  here = true
  request = 0
  registrations: number[] = []
  lastInvocation = 0

  constructor(features: number) {
    this.recorder = new Recorder({ features, authid: `user${features % 2}` })
  }
}

/** Everything that peers may do to a dealer; after each step it is checked what they heard. */
class Course {
  readonly clock = new FakeClock()
  readonly dealer: Dealer
  readonly peers = FEATURES.map(features => new Peer(features))
  readonly made: Made[] = []
  readonly taken: Taken[] = []

  constructor(seed: number) {
    let drawn = seed
    const random = () => {
      drawn = (drawn * 48271 + 11) % 2147483647
      return drawn / 2147483647
    }
    const options = { queue_limit: 2, queue_timeout: 50, takeover: 'registrations' } as const
    this.dealer = new Dealer({ clock: this.clock, random, options })
  }

  take(step: Step): void {
    this[step.does](step as never)
    this.hear()
  }

  /** The session of that number; where it had left, a new one has come. */
  peer(index: number): Peer {
    const peer = this.peers[index] as Peer
    if (peer.here) return peer
    const fresh = new Peer(FEATURES[index] as number)
    this.peers[index] = fresh
    return fresh
  }

  register({ who, pattern, ...options }: { who: number; pattern: string[] } & Dict): void {
    const [uri, match] = pattern
    const peer = this.peer(who)
    const message = messageOf([64, ++peer.request, clean(options), uri])
    this.dealer.register(peer.recorder, message as never, match as never)
  }

  unregister({ who, which }: { who: number; which: number }): void {
    const peer = this.peer(who)
    const registration = peer.registrations[which % (peer.registrations.length || 1)] ?? 4711
    this.dealer.unregister(peer.recorder, messageOf([66, ++peer.request, registration]) as never)
  }

  revoke({ which }: { which: number }): void {
    const endpoints = [...this.dealer.registrations.byId.values()].flatMap(
      ({ endpoints }) => endpoints,
    )
    const endpoint = endpoints[which % (endpoints.length || 1)]
    if (endpoint !== undefined) this.dealer.revoke(endpoint, 'com.app.reason')
  }

  call({ who, procedure, ...options }: { who: number; procedure: string } & Dict): void {
    const peer = this.peer(who)
    const request = ++peer.request
    const moreParts =
      options.progress === true && (peer.recorder.features & CALLER_SENDS_PARTS) !== 0
    if (!moreParts) options.progress = undefined
    const wantsProgress = options.receive_progress === true
    this.made.push({
      peer,
      request,
      procedure,
      wantsProgress,
      moreParts,
      answers: 0,
      forgotten: false,
    })
    this.dealer.call(
      peer.recorder,
      messageOf([48, request, clean(options), procedure, [request]]) as never,
    )
  }

  /** A further part, of an open call or of one that is over. */
  part({ which, progress }: { which: number; progress: boolean }): void {
    const call = this.#some(this.made, which, ({ peer, moreParts }) => peer.here && moreParts)
    if (call === undefined) return
    call.moreParts = progress
    const { peer, request, procedure } = call
    this.dealer.call(peer.recorder, messageOf([48, request, { progress }, procedure]) as never)
  }

  answer({ which, kind }: { which: number; kind: string }): void {
    const invocation = this.#some(
      this.taken,
      which,
      ({ peer, answered }) => peer.here && (!answered || which % 5 === 0),
    )
    if (invocation === undefined) return
    const { peer, invocation: id } = invocation
    if (kind === 'progress') {
      this.dealer.yield(peer.recorder, messageOf([70, id, { progress: true }]) as never)
      return
    }
    invocation.answered = true
    if (kind === 'yield') this.dealer.yield(peer.recorder, messageOf([70, id, {}]) as never)
    else {
      const uri = kind === 'error' ? 'com.app.error' : 'wamp.error.unavailable'
      this.dealer.error(peer.recorder, messageOf([8, 68, id, {}, uri]) as never)
    }
  }

  cancel({ which, mode }: { which: number; mode: string }): void {
    const call = this.#some(
      this.made,
      which,
      ({ peer, answers }) => peer.here && (answers === 0 || which % 5 === 0),
    )
    if (call === undefined) return
    const { recorder } = call.peer
    if ((recorder.features & CALLER_FORGETS) !== 0 && mode !== 'kill') call.forgotten = true
    this.dealer.cancel(recorder, messageOf([49, call.request, { mode }]) as never)
  }

  pass({ time }: { time: number }): void {
    this.clock.pass(time)
  }

  /** From now on payloads do not fit that session's serializer, or they do again. */
  block({ who, blocked }: { who: number; blocked: boolean }): void {
    const refuses = ({ type }: Message) => type === 68 || type === 50
    this.peer(who).recorder.refuses = blocked ? refuses : () => false
  }

  leave({ who }: { who: number }): void {
    const peer = this.peer(who)
    this.dealer.leave(peer.recorder)
    peer.here = false
  }

  /** Takes note of what all have heard; nobody may hear what does not fit what went before. */
  hear(): void {
    for (const peer of this.peers) {
      for (const message of peer.recorder.messages.splice(0)) this.#hear(peer, message)
    }
    const open = this.made.filter(
      ({ peer, answers, forgotten }) => peer.here && answers === 0 && !forgotten,
    )
    const { made, taken, waiting } = this.dealer.load
    expect(made, 'open calls of callers').equal(open.length)
    expect(this.dealer.open, 'their number').equal(made)
    expect(taken + waiting, 'open calls of callees, and those that wait').equal(made)
    let pending = 0
    for (const { endpoints, queue, invoke } of this.dealer.registrations.byId.values()) {
      for (const endpoint of endpoints) {
        expect(endpoint.pending, 'calls at once').within(0, endpoint.concurrency)
        pending += endpoint.pending
      }
      if (queue === null || queue.size === 0 || invoke === '_sticky') continue
      const free = endpoints.filter(({ pending, concurrency }) => pending < concurrency)
      expect(free, 'endpoints that are free while calls wait for them').deep.equal([])
    }
    // Calls of registrations that are gone go on.
    expect(pending, 'calls that endpoints have').at.most(taken)
  }

  #hear(peer: Peer, message: Message): void {
    if (message.type === 65) peer.registrations.push(message.registration)
    else if (message.type === 50)
      this.#outcome(peer, message.request, message.details.progress === true)
    else if (message.type === 8 && message.requestType === 48)
      this.#outcome(peer, message.request, false)
    else if (message.type === 68) this.#invoked(peer, message.request)
    else if (message.type === 69) {
      const taken = this.taken.find(
        ({ peer: its, invocation }) => its === peer && invocation === message.request,
      )
      expect(peer.recorder.features & CALLEE_CANCELS).not.equal(0)
      expect(taken?.answered, 'INTERRUPT of what is not running').equal(false)
      expect(++(taken as Taken).interrupts, 'INTERRUPTs').equal(1)
    }
  }

  #outcome(peer: Peer, request: number, progress: boolean): void {
    const call = this.made.find(made => made.peer === peer && made.request === request)
    expect(call?.forgotten, 'answer to what is forgotten').equal(false)
    expect(call?.answers, 'answers before').equal(0)
    if (progress) expect(call?.wantsProgress).equal(true)
    else (call as Made).answers++
  }

  /** Invocations count from 1; a further part has the number of the first. */
  #invoked(peer: Peer, invocation: number): void {
    if (invocation > peer.lastInvocation) {
      expect(invocation).equal(++peer.lastInvocation)
      this.taken.push({ peer, invocation, interrupts: 0, answered: false })
      return
    }
    const taken = this.taken.find(taken => taken.peer === peer && taken.invocation === invocation)
    expect(taken?.answered, 'a part to an invocation that is answered').equal(false)
    expect(taken?.interrupts, 'a part to an invocation that is interrupted').equal(0)
  }

  #some<T>(list: T[], which: number, fits: (one: T) => boolean): T | undefined {
    const fitting = list.filter(fits)
    return fitting[which % (fitting.length || 1)]
  }
}

/** Options without those that are absent. */
function clean(options: Dict): Dict {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

describe('whatever callers, callees and time do', () => {
  it('every call is answered once, no record lacks an end, and no timer stays', () => {
    fc.assert(
      fc.property(steps, fc.nat(), fc.boolean(), (steps, seed, answered) => {
        const course = new Course(seed)
        for (const step of steps) course.take(step)
        for (const who of FEATURES.keys()) course.block({ who, blocked: false })
        // Either all callees answer in the end, and again when the queues have moved, or they leave.
        for (let i = 0; answered && i < course.taken.length; i++) {
          const { peer, invocation } = course.taken[i] as Taken
          if (peer.here)
            course.dealer.yield(peer.recorder, messageOf([70, invocation, {}]) as never)
          course.hear()
        }
        if (!answered)
          for (const who of FEATURES.keys()) course.take({ does: 'leave', who } as Step)
        course.take({ does: 'pass', time: 200 } as Step)
        for (const { peer, answers, forgotten } of course.made) {
          if (peer.here && !forgotten) expect(answers).equal(1)
        }
        expect(course.dealer.load).deep.equal({ made: 0, taken: 0, waiting: 0 })
        expect(course.clock.pending).equal(0)
      }),
      { numRuns: 3000 },
    )
  })

  it('memory stays flat', () => {
    const course = new Course(1)
    const visit = (round: number) => {
      for (const step of fc.sample(steps, { numRuns: 1, seed: round })[0] as Step[]) {
        course.take(step)
      }
      for (const who of FEATURES.keys()) course.take({ does: 'leave', who } as Step)
      course.made.length = 0
      course.taken.length = 0
    }
    for (let round = 0; round < 300; round++) visit(round)
    const before = memory()
    for (let round = 0; round < 1000; round++) visit(round)
    expect(memory() - before).below(300_000)
  })
})
