import type { Peer } from '../delivery/outlet.ts'
import { ProtocolViolation } from '../protocol/errors.ts'
import { PUBLISHER_PASSES_THRU } from '../protocol/features.ts'
import { NO_DETAILS } from '../protocol/messages.ts'
import { passthruOf } from '../protocol/passthru.ts'
import type { Dict } from '../protocol/payload.ts'
import { traceContextOf } from '../protocol/trace-context.ts'

/**
 * What every receiver of a publication learns of it besides its topic: one object for all. It
 * names the publisher where that is disclosed (WAMP, "Publisher Identification"), and how far the
 * realm trusts it (WAMP, "Publication Trust Levels"). The headers of a message that came by a gateway,
 * or goes out by one, are `_headers`, and the trace that the publisher is in `_traceparent`. The rest of the options is between publisher and router.
 */
export function eventDetails(
  publisher: Peer,
  options: Dict,
  disclosed: boolean,
  trustLevel: number | undefined,
): Dict {
  if (options === NO_DETAILS && !disclosed && trustLevel === undefined) return NO_DETAILS
  const passthru = passthruOf(options)
  const trace = traceContextOf(options)
  const headers = options._headers
  const hasHeaders = typeof headers === 'object' && headers !== null
  const isPlain = passthru === null && trace === null && !hasHeaders
  if (!disclosed && trustLevel === undefined && isPlain) return NO_DETAILS
  if (passthru !== null && (publisher.features & PUBLISHER_PASSES_THRU) === 0) {
    throw new ProtocolViolation('PUBLISH: the publisher did not announce payload_passthru_mode')
  }
  const details: Dict = { ...passthru, ...trace }
  if (hasHeaders) details._headers = headers
  if (disclosed) {
    details.publisher = publisher.id
    details.publisher_authid = publisher.authid
    details.publisher_authrole = publisher.authrole
  }
  if (trustLevel !== undefined) details.trustlevel = trustLevel
  return details
}
