import { PatternIndex } from '../match/patterns.ts'
import { isPattern, type Match } from '../match/uri.ts'
import { INVALID_ARGUMENT, INVALID_URI, WampError } from '../protocol/errors.ts'
import { shapes } from '../protocol/messages.ts'

export type Direction = 'received' | 'sent'

/** Which messages a trace is to show. What is absent filters nothing. */
export interface Filter {
  readonly realm?: string
  readonly session?: number
  readonly authid?: string
  readonly authrole?: string
  readonly uri?: string
  readonly match?: Match
  /** Names of messages with commas between them. */
  readonly types?: string
  readonly direction?: Direction
}

/** What is known of a message before its payload is opened. */
export interface Facts {
  readonly direction: Direction
  readonly type: number
  readonly who: Who
  readonly uri: string | undefined
}

/** Whose message it is, as far as that is settled. */
export interface Who {
  readonly realm: string | undefined
  readonly session: number | undefined
  readonly authid: string | undefined
  readonly authrole: string | undefined
}

/** Says of a message whether a filter lets it pass. Throws WampError where there is no such filter. */
export function filterOf(filter: Filter): (facts: Facts) => boolean {
  const { realm, session, authid, authrole, direction } = filter
  const types = filter.types === undefined ? undefined : codesOf(filter.types)
  const meets = filter.uri === undefined ? undefined : matcher(filter.match, filter.uri)
  return facts =>
    (direction === undefined || facts.direction === direction) &&
    (types === undefined || types.has(facts.type)) &&
    (realm === undefined || facts.who.realm === realm) &&
    (session === undefined || facts.who.session === session) &&
    (authid === undefined || facts.who.authid === authid) &&
    (authrole === undefined || facts.who.authrole === authrole) &&
    (meets === undefined || (facts.uri !== undefined && meets(facts.uri)))
}

/** Says of a URI whether a pattern meets it, as subscriptions do. Throws WampError. */
function matcher(match: Match = 'exact', uri: string): (uri: string) => boolean {
  if (!isPattern(uri, match, 'loose')) {
    throw new WampError(INVALID_URI, [`uri is no ${match === 'exact' ? 'URI' : match}`])
  }
  return meeting(match, uri)
}

/** The same for a pattern that is known to be sound. */
export function meeting(match: Match, pattern: string): (uri: string) => boolean {
  const index = new PatternIndex<true>()
  index.set(match, pattern, true)
  return uri => index.best(uri) !== undefined
}

function codesOf(types: string): Set<number> {
  const codes = new Map(shapes().map(({ name, code }) => [name, code]))
  const wanted = types.split(',').map(type => {
    const name = type.trim().toUpperCase()
    const code = codes.get(name)
    if (code !== undefined) return code
    const text = `types: there is no message ${JSON.stringify(name.slice(0, 50))}`
    throw new WampError(INVALID_ARGUMENT, [text])
  })
  return new Set(wanted)
}
