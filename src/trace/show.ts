import { jsonOf } from '../gateway/content.ts'
import { PayloadError } from '../protocol/errors.ts'
import { AUTHENTICATE, CHALLENGE, type Message, shapeOf } from '../protocol/messages.ts'
import type { Dict, Payload } from '../protocol/payload.ts'
import type { Facts } from './filter.ts'
import type { MessageLine } from './line.ts'
import { REDACTED, type Secrets, withoutSecrets } from './secrets.ts'

/** How much of payloads is shown: nothing, the beginning, all. */
export type Shown = 'none' | 'short' | 'full'

/** A message that passes, and what was found out about it. */
export interface Seen extends Facts {
  readonly message: Message
  readonly bytes: number
  readonly remote: string
  /** Milliseconds since 1970. */
  readonly time: number
  readonly exchange: string | undefined
  /** Milliseconds. */
  readonly took: number | undefined
  readonly other: number | undefined
}

/** What a trace asks of its lines. */
export interface Look {
  readonly payload: Shown
  /** Characters of args, kwargs and details; not for `full`. */
  readonly size: number
}

/** The characters of args, kwargs or details that are shown at most. */
const MAX_TEXT = 1 << 20

/** Larger payloads are not opened for a look. Bytes. */
const MAX_OPENED: Readonly<Record<Shown, number>> = { none: 0, short: 64 << 10, full: MAX_TEXT }

/** The line of a message. Payloads are opened here, and never the secret parts of what is shown. */
export function show(seen: Seen, { payload, size }: Look, secrets: Secrets): MessageLine {
  const { message, direction, bytes, remote, time, who } = seen
  const most = payload === 'full' ? MAX_TEXT : size
  const line: MessageLine = {
    kind: 'message',
    time: micro(time),
    direction,
    type: shapeOf(message.type)?.name ?? String(message.type),
    bytes,
    remote,
  }
  set(line, 'realm', who.realm)
  set(line, 'session', who.session)
  set(line, 'authid', who.authid)
  set(line, 'authrole', who.authrole)
  set(line, 'uri', seen.uri)
  set(line, 'exchange', seen.exchange)
  set(line, 'other', seen.other)
  if (seen.took !== undefined) line.took = micro(seen.took)
  if ('request' in message) line.request = message.request
  if ('publication' in message) line.publication = message.publication
  if ('subscription' in message) line.subscription = message.subscription
  if ('registration' in message) line.registration = message.registration
  if ('reason' in message) line.reason = message.reason
  else if ('error' in message) line.reason = message.error
  const details = detailsOf(message)
  if (Object.keys(details).length > 0) put(line, 'details', withoutSecrets(details), most)
  if ('payload' in message && payload !== 'none' && secrets.showsPayloads) {
    const { args, kwargs } = partsOf(message.payload, seen, secrets, MAX_OPENED[payload], details)
    if (args !== undefined) put(line, 'args', args, most)
    if (kwargs !== undefined) put(line, 'kwargs', kwargs, most)
  }
  return line
}

function detailsOf(message: Message): Dict {
  if (message.type === CHALLENGE) return { method: message.method, extra: REDACTED }
  if (message.type === AUTHENTICATE) return { signature: REDACTED, extra: REDACTED }
  if ('options' in message) return message.options
  return ('details' in message ? message.details : null) ?? {}
}

function partsOf(
  payload: Payload,
  seen: Seen,
  secrets: Secrets,
  most: number,
  details: Dict,
): { args?: unknown; kwargs?: unknown } {
  if (payload.count === 0) return {}
  if (payload.size > most) return { args: `«${payload.size} bytes»` }
  return secrets.payload(
    seen.who.realm,
    seen.uri,
    payload.values(),
    details.ppt_scheme !== undefined,
  )
}

function set<Key extends keyof MessageLine>(
  line: MessageLine,
  key: Key,
  value: MessageLine[Key] | undefined,
): void {
  if (value !== undefined) line[key] = value
}

function put(
  line: MessageLine,
  key: 'details' | 'args' | 'kwargs',
  value: unknown,
  most: number,
): void {
  const text = textOf(value)
  line[key] = text.length > most ? text.slice(0, most) : text
  if (text.length > most) line.cut = true
}

function textOf(value: unknown): string {
  try {
    return jsonOf(value)
  } catch (error) {
    if (error instanceof PayloadError) return jsonOf(`«${error.message}»`)
    throw error
  }
}

/** To the microsecond. */
function micro(milliseconds: number): number {
  return Math.round(milliseconds * 1000) / 1000
}
