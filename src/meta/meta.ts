import type { Origin } from '../base/origin.ts'
import type { Peer } from '../delivery/outlet.ts'
import { isUri, type Match, matchIn } from '../match/uri.ts'
import {
  INTERNAL_ERROR,
  INVALID_ARGUMENT,
  INVALID_URI,
  NO_SUCH_PROCEDURE,
  NO_SUCH_SESSION,
  PayloadError,
  WampError,
} from '../protocol/errors.ts'
import {
  CALL,
  type Call,
  ERROR,
  errorFor,
  type Message,
  NO_DETAILS,
  RESULT,
} from '../protocol/messages.ts'
import { type Dict, Payload } from '../protocol/payload.ts'

/** What the meta API tells of a session (WAMP, "Session Meta API"). */
export interface SessionDetails extends Dict {
  readonly session: number
  readonly authid: string
  readonly authrole: string
  readonly authmethod: string
  readonly authprovider: string
}

/** A session as the meta API sees it. */
export interface MetaSession extends Peer {
  readonly details: SessionDetails
  /** Where it comes from; sessions of this process come from nowhere. */
  readonly origin?: Origin
  /** Ends the session with a GOODBYE; `message` is for people. */
  kill(reason: string, message?: string): void
  /** Forgets what an authorizer has decided; undefined where none is asked. */
  readonly forget?: (() => void) | undefined
}

/** A realm as the meta API sees it. */
export interface MetaRealm {
  readonly members: ReadonlyMap<number, MetaSession>
  announce(topic: string, args: unknown[]): void
  /** A limit has refused something. */
  countRefusal(what: 'limits_reached'): void
  /** Somebody may hear what is announced. */
  readonly isHeard: boolean
  /** Throws the WampError that a session gets which may not publish to, or subscribe to, a URI. */
  check(session: MetaSession, action: 'publish' | 'subscribe', uri: string, match: Match): void
  /** Publishes for a session, which may have left. */
  publish(session: MetaSession, topic: string, options: Dict, payload: Payload): void
  /** Whether a member has the right to call this. */
  mayCall(caller: MetaSession, procedure: string): boolean
}

/**
 * A procedure of the router's own: gives the result's args, or a Payload where there are kwargs, at
 * once or, where that takes long, later. Throws WampError. Bad arguments are `wamp.error.invalid_argument`.
 */
export type MetaProcedure = (
  caller: MetaSession,
  args: unknown[],
  kwargs: Dict,
) => unknown[] | Payload | Promise<Payload>

/** Answers a call to the router's own namespace, later only while the caller `isHere`. */
export function answerMeta(
  procedure: MetaProcedure | undefined,
  caller: MetaSession,
  message: Call,
  isHere: () => boolean,
): void {
  if (procedure === undefined) {
    const text = `the router has no procedure ${message.procedure}`
    caller.send(errorFor(message, NO_SUCH_PROCEDURE, text))
    return
  }
  const { args = [], kwargs = {} } = message.payload.open()
  try {
    const outcome = procedure(caller, args, kwargs)
    if (outcome instanceof Promise) {
      void answerLater(outcome, answer => isHere() && caller.send(answer), message)
    } else caller.send(resultOf(message, outcome instanceof Payload ? outcome : payloadOf(outcome)))
  } catch (error) {
    if (!(error instanceof WampError)) throw error
    caller.send(refusalOf(message, error))
  }
}

async function answerLater(
  outcome: Promise<Payload>,
  send: (answer: Message) => void,
  message: Call,
): Promise<void> {
  try {
    send(resultOf(message, await outcome))
  } catch (error) {
    const known = error instanceof WampError || error instanceof PayloadError
    // A fault of the router's own.
    if (!known) process.emitWarning(error as Error)
    if (error instanceof WampError) send(refusalOf(message, error))
    else send(errorFor(message, error instanceof PayloadError ? error.uri : INTERNAL_ERROR))
  }
}

function resultOf({ request }: Call, payload: Payload): Message {
  return { type: RESULT, request, details: NO_DETAILS, payload }
}

function refusalOf({ request }: Call, { uri: error, args }: WampError): Message {
  const payload = payloadOf(args)
  return { type: ERROR, requestType: CALL, request, details: NO_DETAILS, error, payload }
}

function payloadOf(args: unknown[]): Payload {
  return Payload.of(args.length === 0 ? undefined : args)
}

/** The refusal of an argument. */
export function invalid(text: string): WampError {
  return new WampError(INVALID_ARGUMENT, [text])
}

/** An id among the arguments. Integers arrive as bigint from some serializers. */
export function idOf(value: unknown, name: string): number {
  const id = typeof value === 'bigint' ? Number(value) : value
  if (typeof id === 'number' && Number.isSafeInteger(id) && id > 0) return id
  throw invalid(`${name} is no id`)
}

/** A text among the arguments. */
export function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  throw invalid(`${name} is no string`)
}

/** The match policy among options, which may be absent. */
export function matchOf(options: unknown): Match {
  const match = matchIn(dictOf(options ?? {}, 'options'))
  if (match === undefined) throw invalid('match is none of exact, prefix, wildcard')
  return match
}

/** Ids of subscriptions or registrations, by their match policy: all three are there. */
export function idsByMatch(
  items: Iterable<{ readonly id: number; readonly match: Match }>,
): Record<Match, number[]> {
  const ids: Record<Match, number[]> = { exact: [], prefix: [], wildcard: [] }
  for (const { id, match } of items) ids[match].push(id)
  return ids
}

export function noSuchSession(id: number): WampError {
  return new WampError(NO_SUCH_SESSION, [`there is no session ${id}`])
}

/** Why something is taken from a session, if that is said: a URI. */
export function reasonOf({ reason }: Dict): string | undefined {
  if (reason === undefined || reason === null) return undefined
  if (typeof reason === 'string' && isUri(reason, 'loose')) return reason
  throw new WampError(INVALID_URI, ['reason is no URI'])
}

/** A dict among the arguments. */
export function dictOf(value: unknown, name: string): Dict {
  const isDict = typeof value === 'object' && value !== null
  if (isDict && !Array.isArray(value) && !(value instanceof Uint8Array)) return value as Dict
  throw invalid(`${name} is no dict`)
}
