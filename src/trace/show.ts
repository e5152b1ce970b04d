import { jsonOf } from '../gateway/content.ts'
import { PayloadError } from '../protocol/errors.ts'
import { AUTHENTICATE, CHALLENGE, type Message, shapeOf } from '../protocol/messages.ts'
import type { Dict, Payload } from '../protocol/payload.ts'
import type { Direction } from './filter.ts'
import type { MessageLine } from './line.ts'
import { REDACTED, type Secrets, withoutSecrets } from './secrets.ts'

/** How much of payloads is shown: nothing, the beginning, all. */
export type Shown = 'none' | 'short' | 'full'

/** A message that passes, and what was found out about it. */
export interface Seen {
  readonly direction: Direction
  readonly type: number
  readonly message: Message
  readonly bytes: number
  readonly remote: string
  readonly realm?: string | undefined
  readonly session?: number | undefined
  readonly authid?: string | undefined
  readonly authrole?: string | undefined
  readonly uri?: string | undefined
  readonly exchange?: string | undefined
  /** Milliseconds. */
  readonly took?: number | undefined
  readonly other?: number | undefined
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
export function show(seen: Seen, { payload, size }: Look, secrets: Secrets, time: number) {
  const { message, direction, bytes, remote } = seen
  const most = payload === 'full' ? MAX_TEXT : size
  const line: MessageLine = {
    kind: 'message',
    time: micro(time),
    direction,
    type: shapeOf(message.type)?.name ?? String(message.type),
    bytes,
    remote,
  }
  for (const key of [
    'realm',
    'session',
    'authid',
    'authrole',
    'uri',
    'exchange',
    'other',
  ] as const) {
    if (seen[key] !== undefined) Object.assign(line, { [key]: seen[key] })
  }
  if (seen.took !== undefined) line.took = micro(seen.took)
  for (const key of ['request', 'publication', 'subscription', 'registration'] as const) {
    if (key in message) Object.assign(line, { [key]: message[key as keyof Message] })
  }
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
  return secrets.payload(seen, payload.values(), details.ppt_scheme !== undefined)
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
