import type { RpcLimits } from '../dealer/options.ts'
import { PatternIndex } from '../match/patterns.ts'
import { isPattern, isReserved, isUri, type Match, type UriCheck } from '../match/uri.ts'
import { DISCLOSURES, type Disclosure } from '../protocol/disclosure.ts'
import type { Authorizer } from './authorizer.ts'
import { isMetered, type Limits, UNLIMITED } from './limits.ts'

export { DISCLOSURES, type Disclosure }

/** What a session may ask of a URI, as bits of a verdict. */
export const MAY_CALL = 1
export const MAY_REGISTER = 2
export const MAY_PUBLISH = 4
export const MAY_SUBSCRIBE = 8
/** The URI breaks the realm's rules: nothing may be done with it. */
export const BAD_URI = 16
/** The URI is the router's own: nothing may be published to it or registered under it. */
export const RESERVED = 32
/** No rule meets the URI: where the role has an authorizer, that decides. */
export const UNMET = 1024

/** Verdicts carry the disclosure of caller and publisher, and the trust level, above their bits. */
const CALLER_SHIFT = 6
const PUBLISHER_SHIFT = 8
const TRUST_SHIFT = 16

/** The highest trust level. */
export const MAX_TRUST_LEVEL = 1000

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
  readonly disclose?: { readonly caller: Disclosure; readonly publisher: Disclosure }
  /** The trust level that calls and publications get, 0 the lowest; undefined: they get none. */
  readonly trust_level?: number | undefined
}

/** What a verdict says where whoever does this is disclosed without asking for it. */
export function disclosing(action: number): number {
  if (action === MAY_SUBSCRIBE) return 0
  const shift = action === MAY_PUBLISH ? PUBLISHER_SHIFT : CALLER_SHIFT
  return DISCLOSURES.indexOf('always') << shift
}

/** How the caller of a call with this verdict is disclosed. */
export function callerDisclosure(verdict: number): Disclosure {
  return DISCLOSURES[(verdict >> CALLER_SHIFT) & 3] as Disclosure
}

/** How the publisher of a publication with this verdict is disclosed. */
export function publisherDisclosure(verdict: number): Disclosure {
  return DISCLOSURES[(verdict >> PUBLISHER_SHIFT) & 3] as Disclosure
}

/** The trust level of a call or publication with this verdict. */
export function trustLevel(verdict: number): number | undefined {
  return verdict >> TRUST_SHIFT === 0 ? undefined : (verdict >> TRUST_SHIFT) - 1
}

/** Verdicts kept by a role; with more URIs in use than this, the rules are asked again. */
const MAX_VERDICTS = 10000

/** Verdicts on longer URIs are not kept, or a client could fill the memory with them. */
const MAX_KEPT_URI = 256

/** A rule, and what it comes to. */
interface Compiled {
  readonly rule: Permission
  readonly bits: number
}

/** What a role has besides its permissions. */
export interface RoleOptions {
  /** What holds for the role's calls; undefined: what the realm says. */
  readonly rpc?: RpcLimits | undefined
  /** Who decides on what no rule meets; undefined: that is denied. */
  readonly authorizer?: Authorizer | undefined
  /** What its sessions may have and send; undefined: as much as they like. */
  readonly limits?: Limits
}

/** The rules of a role, compiled. They never change; a role is given others on reload. */
export class Rules {
  readonly rpc: RpcLimits | undefined
  readonly authorizer: Authorizer | undefined
  readonly limits: Limits
  /** Each message of its sessions has to be measured. */
  readonly isMetered: boolean
  readonly #check: UriCheck
  readonly #index = new PatternIndex<Compiled>()
  /** Rules for the router's own URIs: a wide rule such as the prefix "" does not give those. */
  readonly #reserved = new PatternIndex<Compiled>()
  readonly #verdicts = new Map<string, number>()

  constructor(permissions: readonly Permission[], check: UriCheck, options: RoleOptions = {}) {
    this.rpc = options.rpc
    this.authorizer = options.authorizer
    this.limits = options.limits ?? UNLIMITED
    this.isMetered = isMetered(this.limits)
    this.#check = check
    for (const rule of permissions) {
      const index = isReserved(rule.uri) ? this.#reserved : this.#index
      index.set(rule.match, rule.uri, { rule, bits: bitsOf(rule) })
    }
  }

  verdict(uri: string): number {
    const known = this.#verdicts.get(uri)
    if (known !== undefined) return known
    const isSound = uri.length <= this.limits.uri_length && isUri(uri, this.#check)
    const verdict = isSound ? this.#judge(uri) : BAD_URI
    if (uri.length > MAX_KEPT_URI) return verdict
    if (this.#verdicts.size >= MAX_VERDICTS) this.#verdicts.clear()
    this.#verdicts.set(uri, verdict)
    return verdict
  }

  verdictOnPattern(pattern: string, match: Match): number {
    if (match === 'exact') return this.verdict(pattern)
    const { uri_length, wildcard_components } = this.limits
    const isSound =
      pattern.length <= uri_length &&
      isPattern(pattern, match, this.#check) &&
      (match !== 'wildcard' || pattern.split('.').length <= wildcard_components)
    return isSound ? this.#judge(pattern) : BAD_URI
  }

  /** The rule that decides about a URI, or about a pattern as text; undefined: none meets it. */
  deciding(uri: string): Permission | undefined {
    return this.#best(uri)?.rule
  }

  #judge(uri: string): number {
    const best = this.#best(uri)
    if (isReserved(uri)) return (best?.bits ?? 0) | RESERVED
    return best?.bits ?? (this.authorizer === undefined ? 0 : UNMET)
  }

  #best(uri: string): Compiled | undefined {
    return (isReserved(uri) ? this.#reserved : this.#index).best(uri)
  }
}

/**
 * What the sessions of a role may do in a realm. The most specific rule decides: exact, then the
 * longest prefix, then the wildcard, as for registrations; where none meets the URI, nothing is
 * allowed. A verdict depends on role and URI alone, so it is reached once and kept.
 */
export class Role {
  readonly name: string
  /** Sessions hold the role, so a reload that swaps these changes them all at once. */
  rules: Rules

  constructor(name: string, rules: Rules) {
    this.name = name
    this.rules = rules
  }

  /** The verdict on a URI that is called, published to, registered or subscribed to exactly. */
  verdict(uri: string): number {
    return this.rules.verdict(uri)
  }

  /** The verdict on a pattern that is registered or subscribed to: the rules meet it as text. */
  verdictOnPattern(pattern: string, match: Match): number {
    return this.rules.verdictOnPattern(pattern, match)
  }
}

/** A role that may do everything, the meta API included. */
export function unrestricted(name: string, check: UriCheck): Role {
  const allow = { call: true, register: true, publish: true, subscribe: true }
  const rules = ['', 'wamp'].map(uri => ({ uri, match: 'prefix', allow }) as const)
  return new Role(name, new Rules(rules, check))
}

function bitsOf({ allow, disclose, trust_level }: Permission): number {
  const { caller = 'requested', publisher = 'requested' } = disclose ?? {}
  return (
    (allow.call ? MAY_CALL : 0) |
    (allow.register ? MAY_REGISTER : 0) |
    (allow.publish ? MAY_PUBLISH : 0) |
    (allow.subscribe ? MAY_SUBSCRIBE : 0) |
    (DISCLOSURES.indexOf(caller) << CALLER_SHIFT) |
    (DISCLOSURES.indexOf(publisher) << PUBLISHER_SHIFT) |
    (trust_level === undefined ? 0 : (trust_level + 1) << TRUST_SHIFT)
  )
}
