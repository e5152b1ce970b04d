import type { Peer } from '../delivery/outlet.ts'
import { ProtocolViolation } from '../protocol/errors.ts'
import { PUBLISHER_PASSES_THRU } from '../protocol/features.ts'
import { NO_DETAILS } from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'

/** How a PUBLISH says what its payload is, when the router is not to look inside. */
const PASSTHRU = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid'] as const

/**
 * What every receiver of a publication learns of it besides its topic: one object for all. It
 * names the publisher where that is disclosed (WAMP, "Publisher Identification"), and how far the
 * realm trusts it (WAMP, "Publication Trust Levels"). The rest of the options is between publisher
 * and router.
 */
export function eventDetails(
  publisher: Peer,
  options: Dict,
  disclosed: boolean,
  trustLevel: number | undefined,
): Dict {
  const passthru = (options.ppt_scheme ?? undefined) !== undefined
  if (!disclosed && trustLevel === undefined && !passthru) return NO_DETAILS
  const details: Dict = {}
  if (disclosed) {
    details.publisher = publisher.id
    details.publisher_authid = publisher.authid
    details.publisher_authrole = publisher.authrole
  }
  if (trustLevel !== undefined) details.trustlevel = trustLevel
  if (passthru) passThru(publisher, options, details)
  return details
}

/**
 * Payload passthru mode (WAMP, "Payload Passthru Mode"): the keys cross unchanged, those that were
 * given. Whoever has not announced the mode must not use it.
 */
function passThru(publisher: Peer, options: Dict, details: Dict): void {
  if ((publisher.features & PUBLISHER_PASSES_THRU) === 0) {
    throw new ProtocolViolation('PUBLISH: the publisher did not announce payload_passthru_mode')
  }
  for (const key of PASSTHRU) {
    const value = options[key] ?? undefined
    if (value === undefined) continue
    if (typeof value !== 'string' || value === '') {
      throw new ProtocolViolation(`PUBLISH: ${key} is no string, or an empty one`)
    }
    details[key] = value
  }
}
