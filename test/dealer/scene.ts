import { expect } from 'chai'
import { Dealer, type DealerSurroundings } from '../../src/dealer/dealer.ts'
import type { Match } from '../../src/match/uri.ts'
import type { Disclosure } from '../../src/protocol/disclosure.ts'
import * as features from '../../src/protocol/features.ts'
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

/** Everything that a client can announce, but for the habits of single libraries. */
export const ALL_FEATURES: number =
  features.CALLEE_CANCELS |
  features.CALLEE_PROGRESSES |
  features.CALLEE_TAKES_PARTS |
  features.CALLEE_TIMES_OUT |
  features.CALLEE_HEARS_REVOCATION |
  features.CALLEE_REROUTES |
  features.CALLEE_PASSES_THRU |
  features.CALLER_SENDS_PARTS |
  features.CALLER_PASSES_THRU

/** A dealer, a clock, and sessions that say things to it. */
export class Scene {
  readonly clock = new FakeClock()
  readonly dealer: Dealer
  readonly caller = new Recorder({ features: ALL_FEATURES })
  readonly callee = new Recorder({ features: ALL_FEATURES })
  /** Sessions that announce nothing. */
  readonly plainCaller = new Recorder()
  readonly plainCallee = new Recorder()
  #request = 0

  constructor(surroundings: DealerSurroundings = {}) {
    this.dealer = new Dealer({ clock: this.clock, ...surroundings })
  }

  /** Registers and gives the registration's id, or the URI of the error. */
  register(
    peer: Recorder,
    procedure: string,
    options: Dict = {},
    disclosure: Disclosure = 'requested',
  ): unknown {
    const message = messageOf([64, ++this.#request, options, procedure]) as Register
    this.dealer.register(peer, message, (options.match ?? 'exact') as Match, disclosure)
    const answers = peer.messages.filter(({ type }) => type === 65 || type === 8)
    expect(answers.length).equal(1)
    const [answer] = answers
    if (answer?.type === 8) return peer.take().find(([type]) => type === 8)?.[4]
    // What came before REGISTERED and after it stays to be read.
    peer.messages.splice(peer.messages.indexOf(answer as never), 1)
    return (answer as { registration: number }).registration
  }

  unregister(peer: Recorder, registration: unknown): unknown[] | undefined {
    this.dealer.unregister(peer, messageOf([66, ++this.#request, registration]) as Unregister)
    return peer.take()[0]
  }

  call(
    peer: Recorder,
    request: number,
    procedure: string,
    options: Dict = {},
    ...payload: unknown[]
  ): void {
    this.dealer.call(peer, messageOf([48, request, options, procedure, ...payload]) as Call)
  }

  /** Calls under a rule of the caller's. */
  callUnder(
    rule: { disclosure?: Disclosure; trustlevel?: number },
    peer: Recorder,
    request: number,
    procedure: string,
    options: Dict = {},
  ): void {
    const message = messageOf([48, request, options, procedure]) as Call
    this.dealer.call(peer, message, rule.disclosure, rule.trustlevel)
  }

  cancel(peer: Recorder, request: number, mode?: string): void {
    const options = mode === undefined ? {} : { mode }
    this.dealer.cancel(peer, messageOf([49, request, options]) as Cancel)
  }

  yields(peer: Recorder, invocation: number, options: Dict = {}, ...payload: unknown[]): void {
    this.dealer.yield(peer, messageOf([70, invocation, options, ...payload]) as Yield)
  }

  fails(
    peer: Recorder,
    invocation: number,
    uri: string,
    details: Dict = {},
    ...payload: unknown[]
  ): void {
    const message = messageOf([8, 68, invocation, details, uri, ...payload])
    this.dealer.error(peer, message as ErrorMessage)
  }
}

/** The ERROR that answers a call, without the words for people. */
export function callError(request: number, uri: string): unknown[] {
  return [8, 48, request, {}, `wamp.error.${uri}`]
}

/** What a session has heard, errors without the words for people. */
export function heard(peer: Recorder): unknown[][] {
  return peer.take().map(message => (message[0] === 8 ? message.slice(0, 5) : message))
}
