import type { Peer } from '../delivery/outlet.ts'
import { NO_DETAILS } from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'

type Attribute = 'session' | 'authid' | 'authrole'

/** The lists that PUBLISH may carry, what of a session each looks at, and if it is to be in it. */
const LISTS: readonly (readonly [option: string, Attribute, wanted: boolean])[] = [
  ['eligible', 'session', true],
  ['exclude', 'session', false],
  ['eligible_authid', 'authid', true],
  ['exclude_authid', 'authid', false],
  ['eligible_authrole', 'authrole', true],
  ['exclude_authrole', 'authrole', false],
]

/** Tells who may hear a publication. */
export type Admits = (peer: Peer) => boolean

/**
 * Whom a publication's lists let hear it (WAMP, "Subscriber Black- and Whitelisting"): null where
 * there are none. All lists must agree; an empty list of eligible ones admits nobody. A list that
 * is none is refused, for ignoring it would let more people hear: then the text says what is wrong.
 */
export function scopeOf(options: Dict): Admits | null | string {
  let tests: Admits[] | null = null
  for (const [option, attribute, wanted] of LISTS) {
    const list = options[option] ?? undefined
    if (list === undefined) continue
    const valid = Array.isArray(list) && list.every(item => isOf(attribute, item))
    if (!valid) return `${option} is no list of ${attribute}s`
    const named = new Set<unknown>(
      list.map(item => (typeof item === 'bigint' ? Number(item) : item)),
    )
    tests ??= []
    tests.push(peer => named.has(attributeOf(peer, attribute)) === wanted)
  }
  if (tests === null) return null
  const all = tests
  return peer => all.every(test => test(peer))
}

/** The lists among the options of a PUBLISH, to be asked again when its event has been stored. */
export function listsOf(options: Dict): Dict {
  const given = LISTS.filter(([option]) => (options[option] ?? undefined) !== undefined)
  if (given.length === 0) return NO_DETAILS
  return Object.fromEntries(given.map(([option]) => [option, options[option]]))
}

/** Who may hear a stored event, as it was published; null: all may. */
export function audienceOf(lists: Dict): Admits | null {
  return lists === NO_DETAILS ? null : (scopeOf(lists) as Admits | null)
}

function isOf(attribute: Attribute, item: unknown): boolean {
  if (attribute === 'session') return typeof item === 'number' || typeof item === 'bigint'
  return typeof item === 'string'
}

function attributeOf(peer: Peer, attribute: Attribute): unknown {
  return attribute === 'session' ? peer.id : peer[attribute]
}
