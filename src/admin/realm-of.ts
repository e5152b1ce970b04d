import Type from 'typebox'
import { NO_SUCH_REALM, WampError } from '../protocol/errors.ts'
import type { Realm } from '../realm/realm.ts'
import type { AdminHouse } from './operation.ts'

/** The parameter of all that is asked of one realm. */
export const inRealm = { realm: Type.String({ description: 'The name of the realm.' }) }

/** A URI, and how others are compared with it. */
export const matched = {
  uri: Type.String(),
  match: Type.Enum(['exact', 'prefix', 'wildcard']),
}

/** Throws WampError. */
export function realmOf(house: AdminHouse, name: string): Realm {
  const realm = house.realm(name)
  if (realm !== undefined) return realm
  throw new WampError(NO_SUCH_REALM, [`there is no realm ${name}`])
}
