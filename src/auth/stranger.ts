import { createHmac } from 'node:crypto'

/** What somebody is shown who is not there: the traits of a user, and bytes of his own. */
export interface Stranger<Traits> {
  readonly traits: Traits
  /** 60 octets. */
  readonly salt: Buffer
}

/**
 * Makes up users for authids that nobody has, so that they cannot be told from those that somebody
 * has. An authid always gets the same, also after a restart: what it gets follows from `seed`, a
 * secret of the configuration, and not from the number of users. Undefined where there are no users
 * to hide among. It takes time, so callers do it for users too.
 */
export function strangers<Traits>(
  traits: readonly Traits[],
  seed: string | undefined,
): ((authid: string) => Stranger<Traits>) | undefined {
  if (seed === undefined) return undefined
  const distinct = new Map(traits.map(one => [JSON.stringify(one), one]))
  const ordered = [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  return authid => {
    const bytes = createHmac('sha512', seed).update(authid).digest()
    const pick = bytes.readUInt32BE() % ordered.length
    return { traits: ordered[pick] as Traits, salt: bytes.subarray(4) }
  }
}

/** How a salt looks, so that a made-up one can look the same. */
export interface SaltLook {
  readonly encoding: 'hex' | 'base64' | 'base64url'
  readonly octets: number
}

export function lookOf(salt: string): SaltLook {
  const encoding = (['hex', 'base64', 'base64url'] as const).find(
    one => Buffer.from(salt, one).toString(one) === salt,
  )
  if (encoding === undefined)
    return { encoding: 'base64url', octets: Math.ceil((salt.length * 3) / 4) }
  return { encoding, octets: Buffer.from(salt, encoding).length }
}

/** A salt of that look. */
export function saltLike({ encoding, octets }: SaltLook, salt: Buffer): string {
  // None that people use is longer than what there is.
  return salt.subarray(0, octets).toString(encoding)
}
