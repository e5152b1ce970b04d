/** How strictly a realm takes URIs (WAMP, "URIs", "Strict URIs" and "Loose URIs"). */
export type UriCheck = 'loose' | 'strict'

/** How a pattern meets URIs (WAMP, "Pattern-based Subscriptions"). */
export type Match = 'exact' | 'prefix' | 'wildcard'

export const MATCHES: readonly Match[] = ['exact', 'prefix', 'wildcard']

/** The policy that options name, `exact` where they name none; undefined where there is none of that name. */
export function matchIn({ match }: { readonly match?: unknown }): Match | undefined {
  const wanted = match ?? 'exact'
  return MATCHES.find(name => name === wanted)
}

/** Longer URIs are refused: each is kept as long as somebody holds on to it. */
const MAX_URI = 8192

/** U+0085 is a line break too, though not to JavaScript. */
const LOOSE = /[\s\x85#]/
const STRICT = /[^0-9a-z_.]/

/** True of a URI that can be published to, called, and matched exactly. */
export function isUri(uri: string, check: UriCheck): boolean {
  return isPattern(uri, 'exact', check)
}

/** What no URI and no pattern of a kind may have, besides characters that are not allowed. */
const FORBIDDEN: Record<Match, RegExp> = {
  exact: /^$|^\.|\.$|\.\./,
  prefix: /^\.|\.\./,
  // Components: each takes a place of its own in the index.
  wildcard: /^(?:[^.]*\.){256}/,
}

/** True of a pattern: in a wildcard any component may be empty, in a prefix the last. */
export function isPattern(pattern: string, match: Match, check: UriCheck): boolean {
  if (pattern.length > MAX_URI) return false
  return !(check === 'strict' ? STRICT : LOOSE).test(pattern) && !FORBIDDEN[match].test(pattern)
}

/** The router's own namespaces: the first component is `wamp`, or `wampd` beyond the standard. */
export function isReserved(uri: string): boolean {
  if (!uri.startsWith('wamp')) return false
  const end = uri.charCodeAt(4) === 100 ? 5 : 4
  return uri.length === end || uri.charCodeAt(end) === 46
}
