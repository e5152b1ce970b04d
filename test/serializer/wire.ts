import type { Message } from '../../src/protocol/messages.ts'
import * as m from '../../src/protocol/messages.ts'
import { NO_PAYLOAD, Payload } from '../../src/protocol/payload.ts'

/** A message and the elements it has on the wire, copied from the specification by hand. */
export interface Wire {
  elements: unknown[]
  message: Message
}

const D = { some: 'detail' }
const ID = 9007199254740992
const payload = NO_PAYLOAD

/** Every message, those with a payload without one, those with optional elements with all. Keys stand in the order of the wire. */
export const WIRE: Wire[] = [
  { elements: [1, 'realm1', D], message: { type: m.HELLO, realm: 'realm1', details: D } },
  { elements: [2, ID, D], message: { type: m.WELCOME, session: ID, details: D } },
  { elements: [3, D, 'a.b'], message: { type: m.ABORT, details: D, reason: 'a.b', payload } },
  { elements: [4, 'ticket', D], message: { type: m.CHALLENGE, method: 'ticket', extra: D } },
  { elements: [5, 'sïgn', D], message: { type: m.AUTHENTICATE, signature: 'sïgn', extra: D } },
  { elements: [6, D, 'a.b'], message: { type: m.GOODBYE, details: D, reason: 'a.b' } },
  {
    elements: [8, 68, 7, D, 'a.b'],
    message: { type: m.ERROR, requestType: 68, request: 7, details: D, error: 'a.b', payload },
  },
  {
    elements: [16, 255, D, 'a.b'],
    message: { type: m.PUBLISH, request: 255, options: D, topic: 'a.b', payload },
  },
  { elements: [17, 256, ID], message: { type: m.PUBLISHED, request: 256, publication: ID } },
  {
    elements: [32, 65535, D, 'a.b'],
    message: { type: m.SUBSCRIBE, request: 65535, options: D, topic: 'a.b' },
  },
  {
    elements: [33, 65536, 4294967295],
    message: { type: m.SUBSCRIBED, request: 65536, subscription: 4294967295 },
  },
  {
    elements: [34, 4294967296, 23],
    message: { type: m.UNSUBSCRIBE, request: 4294967296, subscription: 23 },
  },
  { elements: [35, 24, D], message: { type: m.UNSUBSCRIBED, request: 24, details: D } },
  {
    elements: [36, 127, 128, D],
    message: { type: m.EVENT, subscription: 127, publication: 128, details: D, payload },
  },
  {
    elements: [48, 1, {}, 'a.b'],
    message: { type: m.CALL, request: 1, options: {}, procedure: 'a.b', payload },
  },
  { elements: [49, 9, D], message: { type: m.CANCEL, request: 9, options: D } },
  { elements: [50, 10, D], message: { type: m.RESULT, request: 10, details: D, payload } },
  {
    elements: [64, 99, D, 'a.b'],
    message: { type: m.REGISTER, request: 99, options: D, procedure: 'a.b' },
  },
  { elements: [65, 100, 2], message: { type: m.REGISTERED, request: 100, registration: 2 } },
  { elements: [66, 101, 3], message: { type: m.UNREGISTER, request: 101, registration: 3 } },
  { elements: [67, 102, D], message: { type: m.UNREGISTERED, request: 102, details: D } },
  {
    elements: [68, 103, 4, D],
    message: { type: m.INVOCATION, request: 103, registration: 4, details: D, payload },
  },
  { elements: [69, 104, D], message: { type: m.INTERRUPT, request: 104, options: D } },
  { elements: [70, 105, D], message: { type: m.YIELD, request: 105, options: D, payload } },
]

/** The same message with these elements for a payload. */
export function withPayload({ elements, message }: Wire, args?: unknown[], kwargs?: object): Wire {
  const tail = kwargs ? [args, kwargs] : args ? [args] : []
  return {
    elements: [...elements, ...tail],
    message: { ...message, payload: Payload.of(args, kwargs as never) } as Message,
  }
}

/** A message as one plain object, its payload opened. */
export function plain(message: Message): object {
  if (!('payload' in message)) return message
  return { ...message, payload: message.payload.open() }
}

/**
 * Values that mean the same, alike: a whole number may be a double or a bigint, the order of keys
 * is free. A list of pairs stands for a dict, as deep equality knows no own key `__proto__`.
 */
export function canonical(any: unknown): unknown {
  if (any === undefined) return null
  if (typeof any === 'number' && Number.isInteger(any)) return BigInt(any)
  if (typeof any !== 'object' || any === null) return any
  if (any instanceof Uint8Array) return Buffer.from(any).toString('hex')
  if (Array.isArray(any)) return any.map(canonical)
  const pairs = any instanceof Map ? [...any] : Object.entries(any)
  return { pairs: pairs.sort(([a], [b]) => (a < b ? -1 : 1)).map(([k, v]) => [k, canonical(v)]) }
}
