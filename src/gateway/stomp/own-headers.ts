import type { Dict } from '../../protocol/payload.ts'
import type { Frame, Header } from './frame.ts'

/**
 * The headers of a client's own, which go with its message (STOMP 1.2, "MESSAGE"): in WAMP they are
 * the option `_headers` of PUBLISH and the detail `_headers` of EVENT, a dict of strings.
 */
export function ownHeaders(headers: Frame['headers']): Dict {
  let found: Record<string, string> | undefined
  for (const [name, value] of headers) {
    if (NOT_OWN.has(name) || (name === 'content-type' && USUAL_TYPES.has(value))) continue
    found ??= {}
    // Not by assignment: one may be named __proto__.
    Object.defineProperty(found, name, { value, enumerable: true })
  }
  return found === undefined ? {} : { _headers: found }
}

/** The headers that came with an event: all texts and numbers that are not the router's to say. */
export function readHeaders({ _headers: headers }: Dict): Header[] {
  if (typeof headers !== 'object' || headers === null) return []
  const found: Header[] = []
  for (const [name, value] of Object.entries(headers)) {
    const isText = typeof value === 'string' || typeof value === 'number'
    if (isText && name !== '' && !NOT_OWN.has(name)) found.push([name, String(value)])
  }
  return found
}

/** What frames have for the two ends of one connection. */
const NOT_OWN = new Set([
  ...['destination', 'transaction', 'receipt', 'content-length'],
  ...['subscription', 'message-id', 'ack', 'publication', 'missed'],
])

/** These follow from the body. */
const USUAL_TYPES = new Set(['text/plain', 'application/json', 'application/octet-stream'])
