import type { Match } from '../match/uri.ts'
import type { Dict, Opened } from '../protocol/payload.ts'
import { meeting } from './filter.ts'

/** What stands where something is not to be seen. */
export const REDACTED = '«redacted»'

/** What of the payloads of a topic or procedure is not to be seen. */
export interface Redaction {
  readonly uri: string
  readonly match: Match
  /** Only in this realm. */
  readonly realm?: string
  /** All args. */
  readonly args?: boolean
  /** These keys of kwargs. Where neither is given, it is the whole payload. */
  readonly kwargs?: readonly string[]
}

/** Keys whose values are never seen, wherever in options, details or payloads they are. */
const SECRETS = new Set([
  ...['ticket', 'secret', 'password', 'passphrase', 'signature', 'authextra'],
  ...['authorization', 'cookie', 'token'],
])

/** Procedures that carry the payloads of other topics: where anything is redacted, theirs are too. */
const CARRIERS = ['wamp.subscription.get_events', 'wamp.session.add_testament']

interface Rule extends Redaction {
  meets(uri: string): boolean
}

/** What is to be left out of what a trace shows. */
export class Secrets {
  /** Payloads may be seen at all. */
  readonly showsPayloads: boolean
  readonly #rules: readonly Rule[]

  constructor(redactions: readonly Redaction[], showsPayloads = true) {
    this.showsPayloads = showsPayloads
    const carriers = redactions.length === 0 ? [] : CARRIERS
    const all = [...redactions, ...carriers.map(uri => ({ uri, match: 'exact' as const }))]
    this.#rules = all.map(rule => ({ ...rule, meets: meeting(rule.match, rule.uri) }))
  }

  /**
   * The payload without what is not to be seen. Of an answer to a request that nobody knows, nothing
   * is seen where anything is redacted in its realm: it may be just that. An `opaque` payload has no
   * keys that could be told apart.
   */
  payload(
    realm: string | undefined,
    uri: string | undefined,
    { args, kwargs }: Opened,
    isOpaque: boolean,
  ): { args?: unknown; kwargs?: unknown } {
    const rules = this.#rules.filter(
      rule => isOf(rule, realm) && (uri === undefined || rule.meets(uri)),
    )
    const isUnknown = uri === undefined && rules.length > 0
    const hidesAll = isUnknown || rules.some(rule => !rule.args && rule.kwargs === undefined)
    const hidesArgs = hidesAll || rules.some(rule => rule.args === true || isOpaque)
    const keys = rules.flatMap(rule => rule.kwargs ?? [])
    return {
      ...(args && { args: hidesArgs ? REDACTED : withoutSecrets(args) }),
      ...(kwargs && { kwargs: hidesAll ? REDACTED : withoutSecrets(without(kwargs, keys)) }),
    }
  }
}

function isOf({ realm }: Rule, name: string | undefined): boolean {
  return realm === undefined || name === undefined || realm === name
}

function without(dict: Dict, keys: Iterable<string>): Dict {
  const shown = { ...dict }
  for (const key of keys) if (Object.hasOwn(shown, key)) shown[key] = REDACTED
  return shown
}

/** A copy in which the values of all keys that sound secret are missing. */
export function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    SECRETS.has(key.toLowerCase()) ? REDACTED : withoutSecrets(inner),
  ])
  return Object.fromEntries(entries)
}
