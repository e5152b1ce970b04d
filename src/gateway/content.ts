import { isUtf8 } from 'node:buffer'
import { type Dict, NO_PAYLOAD, type Opened, Payload } from '../protocol/payload.ts'
import { json } from '../serializer/json.ts'
import { MAX_DEPTH } from '../serializer/serializer.ts'

/**
 * How the bodies of other protocols and the args and kwargs of WAMP become each other, for all
 * gateways alike; docs/gateways.md has the table. What goes in as a payload and comes out as content
 * is the same payload when it goes in again.
 */
export interface Content {
  /** The media type, parameters included. */
  readonly type: string
  readonly body: Uint8Array
}

/** A body that does not hold what its content type says. */
export class ContentError extends Error {
  override name = 'ContentError'
}

const JSON_TYPE = 'application/json'
const TEXT_TYPE = 'text/plain; charset=utf-8'
const BINARY_TYPE = 'application/octet-stream'

/**
 * Args and kwargs of a body. JSON: a list is args; a dict with no keys but `args` and `kwargs` is
 * both; any other dict is kwargs; any other value is the one arg. Text is the one arg, and so are,
 * as bytes, bodies of all other types. Without a type what is UTF-8 is text. No body, whatever its
 * type, is no payload. Throws ContentError.
 */
export function payloadOf({ type, body }: Content): Payload {
  if (body.length === 0) return NO_PAYLOAD
  const kind = kindOfContent(type)
  if (kind === 'json') return payloadOfJson(utf8(body))
  if (kind === 'bytes' || (type === '' && !isUtf8(body))) return Payload.of([new Uint8Array(body)])
  const [, ...parameters] = type.toLowerCase().split(';')
  const charset = parameters.find(one => one.trim().startsWith('charset='))
  if (charset !== undefined && !/=\s*"?(?:utf-?8|us-ascii)"?$/.test(charset.trim())) {
    throw new ContentError(`text is read in UTF-8 only, not with${charset}`)
  }
  return Payload.of([utf8(body)])
}

/** How bodies of a type are read. */
export function kindOfContent(type: string): 'json' | 'text' | 'bytes' {
  const [name = ''] = type.toLowerCase().split(';')
  const kind = name.trim()
  if (kind === JSON_TYPE || kind.endsWith('+json')) return 'json'
  return kind.startsWith('text/') || kind === '' ? 'text' : 'bytes'
}

/** The body is taken over as it is, save where it stands for args and kwargs. */
function payloadOfJson(text: string): Payload {
  let value: unknown
  try {
    // Its form is what counts: numbers that this rounds stay as they are in the text.
    value = JSON.parse(text)
  } catch {
    throw new ContentError('the body is no sound JSON')
  }
  if (isDeeper(text, MAX_DEPTH - 1)) {
    throw new ContentError(`the body is nested deeper than ${MAX_DEPTH - 1}`)
  }
  if (Array.isArray(value)) return carried(`,${text}`, 1)
  if (!isDict(value)) return carried(`,[${text}]`, 1)
  if (!isBoth(value)) return carried(`,[],${text}`, 2)
  const [both] = carried(`,[${text}]`, 1).values().args as [{ args?: unknown[]; kwargs?: Dict }]
  return Payload.of(both.args ?? [], both.kwargs)
}

/** A payload of the tail of a message in JSON. */
function carried(tail: string, count: number): Payload {
  const bytes = Buffer.from(tail)
  return new Payload(json, count, bytes, 0, bytes.length, null)
}

/** A payload as the body of another protocol. Throws PayloadError where JSON cannot carry it. */
export function contentOf(payload: Payload): Content {
  const known = made.get(payload)
  if (known !== undefined) return known
  const content = contentWithin(payload) ?? contentOfValues(payload.open())
  made.set(payload, content)
  return content
}

/** Contents by payload: the members of a fan-out all have the same. */
const made = new WeakMap<Payload, Content>()

/** What the tail of a message in JSON has within it, word for word; undefined where it has not. */
function contentWithin({ codec, count, bytes, from, to }: Payload): Content | undefined {
  if (codec !== json || count === 0) return undefined
  const tail = Buffer.from(bytes.subarray(from, to)).toString().replace(COMMA, '')
  const [args, kwargs] = JSON.parse(`[${tail}]`) as [unknown[], Dict | undefined]
  if (kwargs === undefined) {
    const isAlone = args.length === 1 && typeof args[0] === 'string'
    return args.length === 0 || isAlone ? undefined : jsonText(tail)
  }
  if (args.length > 0 || Object.keys(kwargs).length === 0 || isBoth(kwargs)) return undefined
  return jsonText(tail.slice(tail.indexOf(']') + 1).replace(COMMA, ''))
}

const COMMA = /^\s*,\s*/

function jsonText(text: string): Content {
  return { type: JSON_TYPE, body: Buffer.from(text) }
}

function contentOfValues({ args = [], kwargs = {} }: Opened): Content {
  const [first] = args
  const hasKwargs = Object.keys(kwargs).length > 0
  if (args.length === 0 && !hasKwargs) return { type: JSON_TYPE, body: new Uint8Array(0) }
  if (args.length === 1 && !hasKwargs && first !== '') {
    if (typeof first === 'string') return { type: TEXT_TYPE, body: Buffer.from(first) }
    if (first instanceof Uint8Array && first.length > 0) return { type: BINARY_TYPE, body: first }
  }
  if (!hasKwargs) return jsonContent(args)
  return jsonContent(args.length > 0 || isBoth(kwargs) ? { args, kwargs } : kwargs)
}

function jsonContent(value: unknown): Content {
  return jsonText(jsonOf(value))
}

/** A value as JSON in one line: whole numbers keep their digits, bytes are as WAMP has them. */
export function jsonOf(value: unknown): string {
  // What the codec writes is `,[value]`.
  const tail = json.closeTail({ args: [value] })
  return Buffer.from(tail).toString().slice(2, -1)
}

/** A payload as JSON, whatever it is: a list, or a dict. Throws PayloadError. */
export function jsonContentOf(payload: Payload): Content {
  const content = contentOf(payload)
  if (kindOfContent(content.type) === 'json') return content
  return jsonContent(payload.open().args)
}

function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array)
}

/**
 * Lists and dicts of sound JSON nest deeper than so many levels. The text tells, for of a key that
 * comes twice the value has but one.
 */
function isDeeper(text: string, levels: number): boolean {
  let depth = 0
  let isString = false
  for (let i = 0; i < text.length; i++) {
    const c = text[i]
    if (c === '"') isString = !isString
    else if (isString) i += c === '\\' ? 1 : 0
    else if (c === '[' || c === '{') depth++
    else if (c === ']' || c === '}') depth--
    if (depth > levels) return true
  }
  return false
}

/** A dict that stands for args and kwargs. */
function isBoth(value: Dict): value is { args?: unknown[]; kwargs?: Dict } {
  const keys = Object.keys(value)
  const isKnown = keys.every(key => key === 'args' || key === 'kwargs')
  const { args = [], kwargs = {} } = value
  const isForm = Array.isArray(args) && isDict(kwargs) && !Array.isArray(kwargs)
  return keys.length > 0 && isKnown && isForm
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new ContentError('the body is no UTF-8')
  }
}
