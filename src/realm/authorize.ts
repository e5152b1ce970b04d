import { PatternIndex } from '../match/patterns.ts'
import { isPattern, isReserved, isUri, type Match, type UriCheck } from '../match/uri.ts'

/** What a session may ask of a URI, as bits of a verdict. */
export const MAY_CALL = 1
export const MAY_REGISTER = 2
export const MAY_PUBLISH = 4
export const MAY_SUBSCRIBE = 8
/** The URI breaks the realm's rules: nothing may be done with it. */
export const BAD_URI = 16
/** The URI is the router's own: nothing may be published to it or registered under it. */
export const RESERVED = 32

/** One rule of a role: what may be done with the URIs that a pattern meets. */
export interface Permission {
  readonly uri: string
  readonly match: Match
  readonly allow: {
    readonly call: boolean
    readonly register: boolean
    readonly publish: boolean
    readonly subscribe: boolean
  }
}

/** Verdicts kept by a role; with more URIs in use than this, the rules are asked again. */
const MAX_VERDICTS = 10000

/** Verdicts on longer URIs are not kept, or a client could fill the memory with them. */
const MAX_KEPT_URI = 256

/**
 * What the sessions of a role may do in a realm. The most specific rule decides: exact, then the
 * longest prefix, then the wildcard, as for registrations; where none meets the URI, nothing is
 * allowed. A verdict depends on role and URI alone, so it is reached once and kept.
 */
export class Role {
  readonly name: string
  readonly #check: UriCheck
  readonly #rules = new PatternIndex<number>()
  readonly #verdicts = new Map<string, number>()

  constructor(name: string, permissions: readonly Permission[], check: UriCheck) {
    this.name = name
    this.#check = check
    for (const { uri, match, allow } of permissions) {
      this.#rules.set(
        match,
        uri,
        (allow.call ? MAY_CALL : 0) |
          (allow.register ? MAY_REGISTER : 0) |
          (allow.publish ? MAY_PUBLISH : 0) |
          (allow.subscribe ? MAY_SUBSCRIBE : 0),
      )
    }
  }

  /** The verdict on a URI that is called, published to, registered or subscribed to exactly. */
  verdict(uri: string): number {
    const known = this.#verdicts.get(uri)
    if (known !== undefined) return known
    const verdict = isUri(uri, this.#check) ? this.#judge(uri) : BAD_URI
    if (uri.length > MAX_KEPT_URI) return verdict
    if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear()
    this.#verdicts.set(uri, verdict)
    return verdict
  }

  /** The verdict on a pattern that is registered or subscribed to: the rules meet it as text. */
  verdictOnPattern(pattern: string, match: Match): number {
    if (match === 'exact') return this.verdict(pattern)
    return isPattern(pattern, match, this.#check) ? this.#judge(pattern) : BAD_URI
  }

  #judge(uri: string): number {
    return (this.#rules.best(uri) ?? 0) | (isReserved(uri) ? RESERVED : 0)
  }
}

/** A role that may do everything. */
export function unrestricted(name: string, check: UriCheck): Role {
  const allow = { call: true, register: true, publish: true, subscribe: true }
  return new Role(name, [{ uri: '', match: 'prefix', allow }], check)
}
