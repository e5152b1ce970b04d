import type { Peer } from '../delivery/outlet.ts'
import type { Dict } from '../protocol/payload.ts'

/** The lists that PUBLISH may carry, and what of a session each looks at. */
const LISTS = [
  ['session', 'eligible', 'exclude'],
  ['authid', 'eligible_authid', 'exclude_authid'],
  ['authrole', 'eligible_authrole', 'exclude_authrole'],
] as const

type Attribute = (typeof LISTS)[number][0]

/**
 * Whom a publication's lists let hear it (WAMP, "Subscriber Black- and Whitelisting"): null where
 * there are none. All lists must agree; an empty list of eligible ones admits nobody. A list that
 * is none is refused, for ignoring it would let more people hear: then the text says what is wrong.
 */
export function scopeOf(options: Dict): ((peer: Peer) => boolean) | null | string {
  const tests: ((peer: Peer) => boolean)[] = []
  for (const [attribute, eligible, exclude] of LISTS) {
    for (const [option, wanted] of [
      [eligible, true],
      [exclude, false],
    ] as const) {
      const list = options[option] ?? undefined
      if (list === undefined) continue
      const valid = Array.isArray(list) && list.every(item => isOf(attribute, item))
      if (!valid) return `${option} is no list of ${attribute}s`
      const named = new Set<unknown>(
        list.map(item => (typeof item === 'bigint' ? Number(item) : item)),
      )
      tests.push(peer => named.has(attributeOf(peer, attribute)) === wanted)
    }
  }
  if (tests.length === 0) return null
  return peer => tests.every(test => test(peer))
}

function isOf(attribute: Attribute, item: unknown): boolean {
  if (attribute === 'session') return typeof item === 'number' || typeof item === 'bigint'
  return typeof item === 'string'
}

function attributeOf(peer: Peer, attribute: Attribute): unknown {
  return attribute === 'session' ? peer.id : peer[attribute]
}
