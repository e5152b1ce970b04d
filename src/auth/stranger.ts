import { createHmac, randomBytes } from 'node:crypto'
import Type from 'typebox'
import { about, SECRET } from '../base/keys.ts'

/** What somebody is shown who is not there: the traits of a user, and bytes of his own. */
export interface Stranger<Traits> {
  readonly traits: Traits
  /** 60 octets. */
  readonly salt: Buffer
}

/** The key by which an operator has made-up users outlast a restart. */
export const seedKey = Type.Optional(
  Type.String({
    minLength: 16,
    ...SECRET,
    ...about(
      'Any secret text, of no other use. What somebody is shown whom nobody knows follows from it, so ' +
        'it stays the same when the router starts again; without it, it is another for each start.',
      'live',
    ),
  }),
)

/** Not a secret of a user: what follows from it is shown to all, who could try guesses on it. */
const OWN_SEED = randomBytes(32)

/**
 * Makes up users for authids that nobody has, so that they cannot be told from those that somebody
 * has. An authid always gets the same from one seed, whoever joins or leaves the users of the
 * configuration. Undefined where there are no users to hide among. It takes time, so callers do it
 * for users too.
 */
export function strangers<Traits>(
  traits: readonly Traits[],
  seed: string | Buffer = OWN_SEED,
): ((authid: string) => Stranger<Traits>) | undefined {
  if (traits.length === 0) return undefined
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
  /** The length of the text. */
  readonly length: number
}

export function lookOf(salt: string): SaltLook {
  const { length } = salt
  const encoding = (['hex', 'base64', 'base64url'] as const).find(
    one => Buffer.from(salt, one).toString(one) === salt,
  )
  if (encoding !== undefined) {
    return { encoding, octets: Buffer.from(salt, encoding).length, length }
  }
  return { encoding: 'base64url', octets: Math.ceil((length * 3) / 4), length }
}

/** A salt of that look. */
export function saltLike({ encoding, octets, length }: SaltLook, salt: Buffer): string {
  // None that people use is longer than what there is.
  return salt.subarray(0, octets).toString(encoding).slice(0, length)
}
