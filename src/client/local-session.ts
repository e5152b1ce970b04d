import type { Match } from '../match/uri.ts'
import type { Invoke } from '../protocol/invoke.ts'
import type { Dict } from '../protocol/payload.ts'

/** Hears the events of a subscription. `details.topic` is there on prefix and wildcard ones. */
export type EventHandler = (args: unknown[], kwargs: Dict, details: EventDetails) => unknown
export interface EventDetails extends Dict {
  publication: number
  topic: string
}

/**
 * Answers the calls of a registration: with a value, with a Result for more than one value or
 * keyword values, or by throwing: a WampError reaches the caller as it is, any other error as
 * `wamp.error.runtime_error` with its message. What an async generator yields is progress, for
 * callers that want it, and what it returns is the result. A WampError `wamp.error.unavailable`
 * makes the router try another callee of a shared registration.
 */
export type CallHandler = (args: unknown[], kwargs: Dict, details: CallDetails) => unknown
export interface CallDetails extends Dict {
  procedure: string
  /** Aborted when the caller cancels the call or leaves. */
  signal: AbortSignal
}

/** How to subscribe (WAMP, "Subscribing and Unsubscribing"). */
export interface SubscribeOptions {
  match?: Match
  /** Hear what is retained, too: `details.retained` is true there. */
  get_retained?: boolean
}

/** How to register. docs/rpc.md has what each option does. */
export interface RegisterOptions {
  match?: Match
  /** Who gets a call, where several sessions register the same procedure. Default `single`. */
  invoke?: Invoke
  /** Calls that the handler takes at once; others wait. Default: no limit. */
  concurrency?: number
  /** The handler's details tell who calls. */
  disclose_caller?: boolean
  /** Others lose the procedure, where the realm allows it. */
  force_reregister?: boolean
}

/** Who gets an event, and what becomes of it. docs/pubsub.md has more of each option. */
export interface PublishOptions {
  /** Wait for the broker, and hear of refusals. */
  acknowledge?: boolean
  /** False: the publisher hears its own event. */
  exclude_me?: boolean
  exclude?: number[]
  exclude_authid?: string[]
  exclude_authrole?: string[]
  eligible?: number[]
  eligible_authid?: string[]
  eligible_authrole?: string[]
  /** Tell those who hear it who published: `publisher` and its authid and authrole. */
  disclose_me?: boolean
  /** Keep the event for those who subscribe later, in place of the topic's one before. */
  retain?: boolean
  /** The payload is one value that no router looks into, of this scheme. */
  ppt_scheme?: string
  ppt_serializer?: string
  ppt_cipher?: string
  ppt_keyid?: string
  /** The trace that it belongs to (W3C Trace Context). */
  _traceparent?: string
  _tracestate?: string
}

/** How long a call may take, and what its callee is told. */
export interface CallOptions {
  /** Aborting cancels the call; the promise rejects with the signal's reason. */
  signal?: AbortSignal
  /** Milliseconds until the call ends with `wamp.error.timeout`; 0 for no end. */
  timeout?: number
  /** The callee is told who calls. */
  disclose_me?: boolean
  /** Milliseconds that the call may wait for somebody to register the procedure. */
  _wait?: number
  /** The trace that it belongs to (W3C Trace Context). */
  _traceparent?: string
  _tracestate?: string
}

/**
 * Holds on to a subscription or registration; `end()` gives it up, once. Where the session is over
 * there is nothing left to give up.
 */
export interface Handle {
  readonly id: number
  /** Unsubscribes or unregisters. */
  end(): Promise<void>
}

/** Holds on to a registration. */
export interface Registered extends Handle {
  /** Resolves with the reason, if there is one, when the router takes the registration away. */
  readonly revoked: Promise<string | undefined>
}

/**
 * A call that gives progressive results to who iterates over it, and to nobody twice; what is not
 * read yet is kept. Iteration ends with the call, and throws where that fails. To leave a loop
 * early cancels the call.
 */
export interface ProgressiveCall<Value> extends AsyncIterable<unknown> {
  readonly result: Promise<Value>
}

/** More than one value, or keyword values, as the outcome of a call. */
export class Result {
  readonly args: unknown[]
  readonly kwargs: Dict

  constructor(args: unknown[] = [], kwargs: Dict = {}) {
    this.args = args
    this.kwargs = kwargs
  }
}

/**
 * A session for code that lives with the router. It is a member of its realm like any other, but
 * its messages never become bytes on the way to other such sessions. What is sent is copied, and
 * every receiver gets values of its own.
 */
export interface LocalSession {
  readonly id: number
  readonly authid: string
  readonly authrole: string
  /** Resolves with the reason when the session is over. */
  readonly closed: Promise<string>

  /** Resolves when the subscription stands: no later event is missed. */
  subscribe(topic: string, handler: EventHandler, options?: SubscribeOptions): Promise<Handle>

  /** Gives the publication's id when `acknowledge` is asked for, and nothing otherwise. */
  publish(
    topic: string,
    args?: unknown[],
    kwargs?: Dict,
    options?: PublishOptions,
  ): Promise<number | undefined>

  /** Resolves when calls reach the handler. */
  register(procedure: string, handler: CallHandler, options?: RegisterOptions): Promise<Registered>

  /**
   * Calls a procedure. The outcome is the result's one value, undefined where there is none, and
   * a Result where there are several or keyword values. Rejects with a WampError.
   */
  call<Value = unknown>(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    options?: CallOptions,
  ): Promise<Value>

  /** Calls a procedure and gives its results as they come. */
  callProgressively<Value = unknown>(
    procedure: string,
    args?: unknown[],
    kwargs?: Dict,
    options?: CallOptions,
  ): ProgressiveCall<Value>

  /** Ends the session: what it holds is gone, what it waits for is rejected with the reason. */
  close(reason?: string): void
}
