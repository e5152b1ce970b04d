import type { Clock, Timer } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { LIMIT_EXCEEDED, NOT_AUTHORIZED, WampError } from '../protocol/errors.ts'
import {
  ABORT,
  CHALLENGE,
  EVENT,
  GOODBYE,
  HELLO,
  INVOCATION,
  type Message,
  type Publish,
  WELCOME,
} from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import type { Passage, Tap, Traffic } from '../traffic/traffic.ts'
import type { Party, Watch, WatchedCall } from '../traffic/watch.ts'
import { Exchanges, type Part, type Uris } from './exchanges.ts'
import type { Direction, Who } from './filter.ts'
import type { Line } from './line.ts'
import { type Redaction, Secrets } from './secrets.ts'
import type { Seen } from './show.ts'
import { Trace, type TraceEnd, type TraceOptions } from './trace.ts'

/** `trace` of a configuration. */
export interface TraceRules {
  readonly enabled: boolean
  readonly payloads: boolean
  readonly redact: readonly Redaction[]
}

/** Traces at a time. */
const MAX_TRACES = 8

/** How often a reader hears that a trace goes on. Milliseconds. */
const BEAT = 10_000

/** Who has asked for a session, and when, or has just left one. */
interface Asker {
  readonly who: Who
  readonly since: number
}

const NOBODY: Who = {
  realm: undefined,
  session: undefined,
  authid: undefined,
  authrole: undefined,
}

interface Surroundings {
  readonly clock: Clock
  readonly log: Log
  readonly traffic: Traffic
  readonly uris: Uris
}

/** All traces of a router. While there is none, nothing of this is asked about any message. */
export class Traces implements Tap, Watch {
  readonly #surroundings: Surroundings
  /** What the clock of `performance` counts from: milliseconds since 1970. */
  #origin = 0
  readonly #traces = new Map<Trace, Timer[]>()
  #rules: TraceRules
  #secrets: Secrets
  #exchanges: Exchanges
  #askers = new WeakMap<Passage, Asker>()

  constructor(surroundings: Surroundings, rules: TraceRules) {
    this.#surroundings = surroundings
    this.#rules = rules
    this.#secrets = new Secrets(rules.redact, rules.payloads)
    this.#exchanges = new Exchanges(surroundings.uris)
  }

  /** Other rules hold from now on, for the traces that run as well. */
  change(rules: TraceRules): void {
    this.#rules = rules
    this.#secrets = new Secrets(rules.redact, rules.payloads)
    if (!rules.enabled) this.#endAll('disabled')
  }

  /**
   * Begins a trace, which goes on until it is aborted, or its limits are reached. Throws WampError
   * where there may be none.
   */
  open(options: TraceOptions, signal: AbortSignal): AsyncIterable<Line> {
    const { clock, log, traffic } = this.#surroundings
    if (!this.#rules.enabled) {
      throw new WampError(NOT_AUTHORIZED, ['the configuration forbids it: trace.enabled is false'])
    }
    if (this.#traces.size >= MAX_TRACES) {
      throw new WampError(LIMIT_EXCEEDED, [`there may be ${MAX_TRACES} traces at a time`])
    }
    if (this.#traces.size === 0) this.#origin = Date.now() - performance.now()
    const trace = new Trace(options, () => this.#now())
    const { duration } = options
    const timers = [clock.every(BEAT, () => trace.beat())]
    if (duration !== undefined) {
      timers.push(clock.after(duration, () => this.#end(trace, 'duration')))
    }
    if (this.#traces.size === 0) {
      traffic.tap = this
      traffic.addWatch(this)
    }
    this.#traces.set(trace, timers)
    log.info({ ...options }, 'a trace begins')
    signal.addEventListener('abort', () => this.#end(trace))
    if (signal.aborted) this.#end(trace)
    return trace.lines()
  }

  /** Milliseconds since 1970, finely. */
  #now(): number {
    return this.#origin + performance.now()
  }

  received(passage: Passage, message: Message, bytes: number): void {
    this.#see('received', passage, message, bytes)
  }

  sent(passage: Passage, message: Message, bytes: number): void {
    this.#see('sent', passage, message, bytes)
  }

  called(): void {}

  invoking({ caller, request, procedure }: WatchedCall, callee: Party, details: Dict): Dict {
    this.#exchanges.invoking(caller.peer, request, procedure, callee, this.#now())
    return details
  }

  ended(): void {}

  published(
    _realm: string,
    publisher: Party,
    { request, topic }: Publish,
    publication: number,
    _receivers: number,
    details: Dict,
  ): Dict {
    this.#exchanges.published(publisher, request, topic, publication, this.#now())
    return details
  }

  #see(direction: Direction, passage: Passage, message: Message, bytes: number): void {
    try {
      const seen = this.#seen(direction, passage, message, bytes)
      for (const trace of this.#traces.keys()) {
        if (trace.passes(seen) && trace.take(seen, this.#secrets)) this.#end(trace, 'limit')
      }
    } catch (error) {
      // It is not the fault of whoever sent the message.
      this.#surroundings.log.error({ err: error }, 'tracing failed')
      this.#endAll('failed')
    }
  }

  /** It is asked of each message: objects that are spread into others would cost most of it. */
  #seen(direction: Direction, passage: Passage, message: Message, bytes: number): Seen {
    const time = this.#now()
    const { passenger } = passage
    const who = this.#whoIs(passage, message, time)
    const part =
      passenger === null
        ? undefined
        : this.#exchanges.partOf(passenger, passenger.realm.name, message, time)
    return {
      direction,
      type: message.type,
      message,
      bytes,
      remote: passage.remote,
      time,
      who,
      uri: this.#uriOf(part, who.realm, message),
      exchange: part?.exchange.name,
      took: part?.took ?? this.#sinceHello(passage, message, time),
      other: part?.other,
    }
  }

  /** Whose message it is: also before WELCOME, and behind GOODBYE. */
  #whoIs(passage: Passage, message: Message, time: number): Who {
    const { passenger } = passage
    if (passenger !== null) {
      const { id: session, authid, authrole, realm } = passenger
      const who = { realm: realm.name, session, authid, authrole }
      if (message.type === GOODBYE) this.#askers.set(passage, { who, since: time })
      return who
    }
    if (message.type === HELLO) {
      const { realm, details } = message
      const authid = typeof details.authid === 'string' ? details.authid : undefined
      const who = { realm, session: undefined, authid, authrole: undefined }
      this.#askers.set(passage, { who, since: time })
    }
    return this.#askers.get(passage)?.who ?? NOBODY
  }

  #sinceHello(passage: Passage, { type }: Message, time: number): number | undefined {
    if (type !== WELCOME && type !== CHALLENGE && type !== ABORT) return undefined
    const asker = this.#askers.get(passage)
    return asker === undefined ? undefined : time - asker.since
  }

  #uriOf(part: Part | undefined, realm: string | undefined, message: Message): string | undefined {
    if (part !== undefined) return part.exchange.uri
    if (realm === undefined) return undefined
    const { uris } = this.#surroundings
    if (message.type === EVENT) {
      const { topic } = message.details
      return typeof topic === 'string' ? topic : uris.subscription(realm, message.subscription)
    }
    if (message.type !== INVOCATION) return undefined
    const { procedure } = message.details
    return typeof procedure === 'string'
      ? procedure
      : uris.registration(realm, message.registration)
  }

  /** The router goes down. */
  close(): void {
    this.#endAll('closed')
  }

  #endAll(why: TraceEnd): void {
    for (const trace of this.#traces.keys()) this.#end(trace, why)
  }

  /** Without `why` its reader has gone. */
  #end(trace: Trace, why?: TraceEnd): void {
    const timers = this.#traces.get(trace)
    if (timers === undefined) return
    for (const timer of timers) timer.cancel()
    this.#traces.delete(trace)
    if (why === undefined) trace.stop()
    else trace.end(why)
    const { log, traffic } = this.#surroundings
    log.info({ ...trace.sum, why: why ?? 'the reader has gone' }, 'a trace ends')
    if (this.#traces.size > 0) return
    traffic.tap = null
    traffic.removeWatch(this)
    // What it knew is of no use to the next one, which has not seen what is asked meanwhile.
    this.#exchanges = new Exchanges(this.#surroundings.uris)
    this.#askers = new WeakMap()
  }
}
