import type { Match } from '../match/uri.ts'
import { BAD_URI, disclosing, type Role, type Rules, UNMET } from './authorize.ts'
import type { Answer, Authorizer } from './authorizer.ts'

/** What an authorizer has said of a URI: for which actions, as bits of a verdict. */
interface Decision {
  decided: number
  allowed: number
  /** When it has to be asked again: ms of its clock. */
  until: number
}

/** Decisions on longer URIs are not kept, or a client could fill the memory with them. */
const MAX_KEPT_URI = 256

/**
 * The role of one session whose rules leave the rest to an authorizer: what that has decided counts
 * for this session alone. It is what a Role is to the realm.
 */
export class AskedRole {
  readonly #base: Role
  /** The rules whose authorizer has decided. */
  #rules: Rules
  readonly #kept = new Map<string, Decision>()
  /** A decision for the message at hand only. */
  #once: { readonly key: string; readonly allowed: number } | null = null

  constructor(base: Role) {
    this.#base = base
    this.#rules = base.rules
  }

  get name(): string {
    return this.#base.name
  }

  get rules(): Rules {
    return this.#base.rules
  }

  set rules(rules: Rules) {
    this.#base.rules = rules
  }

  /** Undefined where a reload has taken it away. */
  get authorizer(): Authorizer | undefined {
    return this.#base.rules.authorizer
  }

  verdict(uri: string): number {
    const verdict = this.#base.verdict(uri)
    return (verdict & UNMET) === 0 ? verdict : verdict | this.#allowed(uri)
  }

  verdictOnPattern(pattern: string, match: Match): number {
    if (match === 'exact') return this.verdict(pattern)
    const verdict = this.#base.verdictOnPattern(pattern, match)
    return (verdict & UNMET) === 0 ? verdict : verdict | this.#allowed(keyOf(pattern, match))
  }

  /** Whether it is known if this may be done, and the authorizer need not be asked. */
  isSettled(action: number, uri: string, match: Match): boolean {
    const { authorizer } = this
    if (authorizer === undefined) return true
    const verdict = this.#base.verdictOnPattern(uri, match)
    if ((verdict & BAD_URI) !== 0 || (verdict & UNMET) === 0) return true
    const decision = this.#decisions.get(keyOf(uri, match))
    if (decision === undefined) return false
    return (decision.decided & action) !== 0 && decision.until > authorizer.clock.now()
  }

  /** Takes note of an answer of the authorizer's. */
  decide(action: number, uri: string, match: Match, answer: Answer): void {
    const { authorizer } = this
    if (authorizer === undefined) return
    const allowed = answer.allow ? action | (answer.disclose ? disclosing(action) : 0) : 0
    const key = keyOf(uri, match)
    if (!answer.cache || authorizer.ttl === 0 || uri.length > MAX_KEPT_URI) {
      this.#decisions.delete(key)
      this.#once = { key, allowed }
      return
    }
    this.#once = null
    this.#keep(key, action, allowed, authorizer)
  }

  /** Has the authorizer asked anew. */
  forget(): void {
    this.#kept.clear()
    this.#once = null
  }

  /** What has been decided under the rules of now: other rules may have another authorizer. */
  get #decisions(): Map<string, Decision> {
    if (this.#rules !== this.#base.rules) this.forget()
    this.#rules = this.#base.rules
    return this.#kept
  }

  #keep(key: string, action: number, allowed: number, { clock, ttl, maxDecisions }: Authorizer) {
    const now = clock.now()
    const kept = this.#decisions
    const known = kept.get(key)
    if (known !== undefined && known.until > now) {
      known.decided |= action
      known.allowed = (known.allowed & ~action) | allowed
      return
    }
    kept.delete(key)
    if (kept.size >= maxDecisions) {
      const [oldest] = kept.keys()
      kept.delete(oldest as string)
    }
    kept.set(key, { decided: action, allowed, until: now + ttl })
  }

  #allowed(key: string): number {
    const decisions = this.#decisions
    const once = this.#once
    if (once !== null && once.key === key) return once.allowed
    return decisions.get(key)?.allowed ?? 0
  }
}

/** No URI has a space, so no pattern is taken for a URI. */
function keyOf(uri: string, match: Match): string {
  return match === 'exact' ? uri : `${match} ${uri}`
}
