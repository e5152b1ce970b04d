import { INVALID_ARGUMENT } from '../../protocol/errors.ts'
import { Refusal } from './refusal.ts'

/** What a destination stands for. docs/gateways.md has the table. */
export type Destination =
  /** A topic; `prefix` is how its name begins: MESSAGE has the same. */
  | { readonly kind: 'topic'; readonly prefix: string; readonly uri: string }
  | { readonly kind: 'call'; readonly uri: string }
  /** Where answers to the client's own calls come in; nobody else knows it. */
  | { readonly kind: 'temp-queue'; readonly name: string }

export interface Pattern {
  readonly uri: string
  readonly match: 'exact' | 'prefix' | 'wildcard'
}

const TOPIC = '/topic/'
const CALL = '/call/'
export const TEMP_QUEUE = '/temp-queue/'

/** Reads a destination. Throws Refusal. */
export function destinationOf(text: string): Destination {
  if (text.startsWith(TOPIC)) {
    return { kind: 'topic', prefix: TOPIC, uri: text.slice(TOPIC.length) }
  }
  if (text.startsWith(CALL)) return { kind: 'call', uri: text.slice(CALL.length) }
  if (text.startsWith(TEMP_QUEUE)) return { kind: 'temp-queue', name: text }
  if (!text.startsWith('/')) return { kind: 'topic', prefix: '', uri: text }
  throw new Refusal(
    INVALID_ARGUMENT,
    text.startsWith('/queue/')
      ? 'there are no queues: a topic (/topic/URI) gives a message to all of its subscribers, a call (/call/URI) to one'
      : 'a destination is /topic/URI, URI, /call/URI or, for answers, /temp-queue/NAME',
  )
}

/**
 * The topics that a SUBSCRIBE means. `match` is its header: with it, the destination is a pattern of
 * WAMP as it is. Without, `*` is any component, an empty one likewise, and `#` or `>` at the end any
 * number of them. Throws Refusal.
 */
export function patternOf(uri: string, match: string | undefined): Pattern {
  if (match === 'exact' || match === 'prefix' || match === 'wildcard') return { uri, match }
  if (match !== undefined) {
    throw new Refusal(INVALID_ARGUMENT, 'match is none of exact, prefix and wildcard')
  }
  const parts = uri.split('.')
  const isWide = parts.at(-1) === '#' || parts.at(-1) === '>'
  const isWildcard = uri !== '' && parts.some(part => part === '*' || part === '')
  if (isWide && isWildcard) {
    throw new Refusal(INVALID_ARGUMENT, 'a pattern has either * or, at its end, # or >')
  }
  if (isWide) return { uri: uri.slice(0, -1), match: 'prefix' }
  if (!isWildcard) return { uri, match: 'exact' }
  return { uri: parts.map(part => (part === '*' ? '' : part)).join('.'), match: 'wildcard' }
}
