import { signal } from '@preact/signals'
import { ask, pathTo, Refusal, Unreachable } from './api.ts'

const KEPT = 'wampd.console'
/** Requests that are remembered. */
const MOST = 50

/** What is sent, with payload and options as they were typed. */
export interface Draft {
  readonly kind: 'call' | 'publish'
  readonly realm: string
  readonly uri: string
  readonly role: string
  readonly args: string
  readonly kwargs: string
  readonly options: string
}

/** A request of the past. Results are not kept: they may be secrets. */
export interface Past extends Draft {
  /** Milliseconds since 1970. */
  readonly at: number
  /** Milliseconds. */
  readonly took: number
  /** The URI of the error; empty where it went well. */
  readonly error: string
}

export interface Outcome {
  readonly draft: Draft
  readonly took: number
  readonly isGood: boolean
  /** The URI of an error. */
  readonly error: string
  readonly text: string
  /** What is shown as JSON, each part with its name. */
  readonly parts: readonly (readonly [string, unknown])[]
}

export const EMPTY: Draft = {
  ...{ kind: 'call', realm: '', uri: '', role: '' },
  ...{ args: '[]', kwargs: '{}', options: '{}' },
}

/** What is typed; it waits while other views are shown. */
export const draft = signal<Draft>(EMPTY)
export const outcome = signal<Outcome | null>(null)
/** What is under way; it can be given up. */
export const underWay = signal<AbortController | null>(null)
export const past = signal<readonly Past[]>(readPast())

function readPast(): readonly Past[] {
  try {
    const kept: Partial<Past>[] = JSON.parse(sessionStorage.getItem(KEPT) ?? '[]')
    return kept.map(one => ({ ...EMPTY, at: 0, took: 0, error: '', ...one })).slice(0, MOST)
  } catch {
    return []
  }
}

export function keepPast(requests: readonly Past[]): void {
  past.value = requests.slice(0, MOST)
  sessionStorage.setItem(KEPT, JSON.stringify(past.value))
}

/** What is wrong with a text that is to be JSON of a kind; empty where nothing is. */
export function faultOfJson(text: string, kind: 'array' | 'object'): string {
  if (text.trim() === '') return ''
  try {
    const value = JSON.parse(text)
    const isRight = kind === 'array' ? Array.isArray(value) : value?.constructor === Object
    return isRight
      ? ''
      : kind === 'array'
        ? 'This must be a list: [1, "two"].'
        : 'This must be an object: {"name": 1}.'
  } catch (error) {
    return `This is no JSON: ${(error as Error).message}`
  }
}

/** Sends what was typed, which has been found to be sound. */
export async function send(typed: Draft): Promise<void> {
  const given = new AbortController()
  underWay.value = given
  const { kind, realm, uri, role } = typed
  const begin = performance.now()
  const took = () => performance.now() - begin
  let made: Outcome
  try {
    const body = {
      [kind === 'call' ? 'procedure' : 'topic']: uri,
      args: JSON.parse(typed.args.trim() || '[]'),
      kwargs: JSON.parse(typed.kwargs.trim() || '{}'),
      options: JSON.parse(typed.options.trim() || '{}'),
      ...(role !== '' && { role }),
    }
    const path = pathTo(['realms', realm, kind])
    const answer = await ask<Record<string, unknown>>(path, { body, signal: given.signal })
    made = {
      ...{ draft: typed, took: took(), isGood: true, error: '', text: '' },
      parts: Object.entries(answer),
    }
  } catch (error) {
    made = { draft: typed, took: took(), isGood: false, parts: [], ...failureOf(error, given) }
  }
  underWay.value = null
  outcome.value = made
  const { error, isGood } = made
  const one = { ...typed, at: Date.now(), took: made.took, error: isGood ? '' : error || 'failed' }
  const others = past.value.filter(other => !isSame(other, typed))
  keepPast([one, ...others])
}

function failureOf(error: unknown, { signal }: AbortController) {
  if (signal.aborted) return { error: 'wamp.error.canceled', text: 'You gave it up.' }
  if (error instanceof Unreachable) return { error: '', text: error.message }
  if (!(error instanceof Refusal)) throw error
  const { uri, message, args, kwargs } = error
  const parts = [
    ...(args.length > 0 ? [['args', args] as const] : []),
    ...(Object.keys(kwargs).length > 0 ? [['kwargs', kwargs] as const] : []),
  ]
  return { error: uri, text: message, parts }
}

function isSame(a: Draft, b: Draft): boolean {
  return (Object.keys(EMPTY) as (keyof Draft)[]).every(key => a[key] === b[key])
}
