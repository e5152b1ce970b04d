import { type Match, matchIn } from '../match/uri.ts'
import type { MetaSession } from '../meta/meta.ts'
import { INVALID_ARGUMENT, INVALID_URI, NOT_AUTHORIZED } from '../protocol/errors.ts'
import {
  CALL,
  type Call,
  errorFor,
  type Message,
  PUBLISH,
  type Publish,
  type Register,
  type Subscribe,
} from '../protocol/messages.ts'
import { BAD_URI, RESERVED } from './authorize.ts'

/** Why a session may not do something, by the verdict of its role. */
export function refusal(
  { authrole }: Pick<MetaSession, 'authrole'>,
  verdict: number,
): { error: string; text: string } {
  if ((verdict & BAD_URI) !== 0)
    return { error: INVALID_URI, text: 'not a valid URI, or too long a one' }
  if ((verdict & RESERVED) !== 0) {
    return { error: INVALID_URI, text: 'URIs that begin with wamp. are the router’s own' }
  }
  return { error: NOT_AUTHORIZED, text: `role ${authrole} is not allowed to do this` }
}

/** The match policy asked for; where there is none of that name, the request is answered. */
export function matchOf(member: MetaSession, message: Subscribe | Register): Match | undefined {
  const match = matchIn(message.options)
  if (match === undefined) {
    member.send(errorFor(message, INVALID_ARGUMENT, 'match is none of exact, prefix, wildcard'))
  }
  return match
}

/** Errors of publications without acknowledge go nowhere (WAMP, "Publishing and Events"). */
export function isAnswered(message: Message): message is Publish | Call {
  return message.type === CALL || (message.type === PUBLISH && message.options.acknowledge === true)
}
