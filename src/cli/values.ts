import { InvalidArgumentError } from 'commander'
import type { Dict } from '../protocol/payload.ts'
import { readJson, writeJson } from '../serializer/json.ts'
import { Failure } from './exit.ts'

/** The arguments of a message. */
export interface Arguments {
  readonly args: unknown[]
  readonly kwargs: Dict
}

/** What an argument of the command line stands for: JSON where it is some, else text. */
export function argumentOf(word: string): unknown {
  return isJson(word) ? sound(word) : word
}

/** A JSON text as a value; `what` names it. Throws a Failure. */
export function jsonIn(text: string, what: string): unknown {
  if (isJson(text)) return sound(text, what)
  throw new Failure(`${what} is no JSON`, 2)
}

/** A value in one line of JSON, without characters that would command a terminal. */
export function lineOf(value: unknown): string {
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  const text = writeJson(value)
  return `${text.replace(/[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, escaped)}\n`
}

/** Reads a flag that takes a dict. */
export function dictFrom(text: string): Dict {
  const value = isJson(text) ? soundFlag(text) : undefined
  if (isDict(value)) return value
  throw new InvalidArgumentError('Expected a JSON object.')
}

/** Reads a flag that takes a JSON value. */
export function jsonFrom(text: string): unknown {
  if (isJson(text)) return soundFlag(text)
  throw new InvalidArgumentError('Expected JSON; text goes in quotes, as "text".')
}

/** Reads a flag that takes a dict, or `name=value`, once or several times; a value is read as an argument. */
export function pairsFrom(text: string, before: Dict = {}): Dict {
  if (text.startsWith('{')) return { ...before, ...dictFrom(text) }
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Expected name=value or a JSON object.')
  const word = text.slice(at + 1)
  const value = isJson(word) ? soundFlag(word) : word
  return { ...before, ...Object.fromEntries([[text.slice(0, at), value]]) }
}

/** What a message has brought, in one value: its only argument, or all where there is more or less. */
export function plain({ args, kwargs }: Arguments): unknown {
  const isOne = args.length <= 1 && Object.keys(kwargs).length === 0
  return isOne ? (args[0] ?? null) : { args, kwargs }
}

/** Arguments in the form `{"args": [], "kwargs": {}}`, either of which may be left out. Throws a Failure. */
export function argumentsIn(value: unknown, what: string): Arguments {
  const { args = [], kwargs = {}, ...others } = isDict(value) ? value : { none: true }
  if (Array.isArray(args) && isDict(kwargs) && Object.keys(others).length === 0) {
    return { args, kwargs }
  }
  throw new Failure(`${what} is not of the form {"args": [], "kwargs": {}}`, 2)
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function isDict(value: unknown): value is Dict {
  const isObject = typeof value === 'object' && value !== null
  return isObject && !Array.isArray(value) && !(value instanceof Uint8Array)
}

/** JSON that a message can carry. */
function sound(text: string, what = 'an argument'): unknown {
  try {
    return readJson(text)
  } catch (error) {
    throw new Failure(`${what} cannot be sent: it ${reasonOf(error)}`, 2)
  }
}

function soundFlag(text: string): unknown {
  try {
    return readJson(text)
  } catch (error) {
    throw new InvalidArgumentError(`It ${reasonOf(error)}.`)
  }
}

function reasonOf(error: unknown): string {
  return (error as Error).message.replace(/^\w+: /, '')
}
