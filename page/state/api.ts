import { batch, computed, signal } from '@preact/signals'
import { leave, token } from './token.ts'

/** The router said no, and why. */
export class Refusal extends Error {
  readonly status: number
  /** A URI of WAMP; empty where something on the way answered, such as a proxy. */
  readonly uri: string
  readonly args: readonly unknown[]
  readonly kwargs: Readonly<Record<string, unknown>>

  constructor(
    text: string,
    { status, uri = '', args = [], kwargs = {} }: Partial<Refusal> & { status: number },
  ) {
    super(text)
    this.status = status
    this.uri = uri
    this.args = args
    this.kwargs = kwargs
  }
}

/** The router does not answer. */
export class Unreachable extends Error {
  constructor() {
    super('The router does not answer.')
  }
}

/** Whether the router answered last; `unknown` before anything was asked. */
export const reach = signal<'unknown' | 'there' | 'gone'>('unknown')

/** Views may ask. */
export const isOpen = computed(() => token.value !== null && reach.value !== 'gone')

interface Asked {
  readonly body?: object
  readonly signal?: AbortSignal
  /** A token that is but tried. */
  readonly as?: string
}

/** Asks `/api`: GET, or POST with a body. Rejects with a Refusal, or Unreachable, or when aborted. */
export async function ask<Answer>(path: string, asked: Asked = {}): Promise<Answer> {
  const response = await send(path, asked)
  return (await textOf(response, JSON.parse)) as Answer
}

/** Sends a request; resolves when its answer begins. */
export async function send(path: string, { body, signal, as }: Asked): Promise<Response> {
  const used = as ?? token.value
  let response: Response
  try {
    response = await fetch(`api${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        Authorization: `Bearer ${used}`,
        ...(body && { 'Content-Type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw gone()
  }
  if (isOfProxy(response)) throw gone()
  batch(() => {
    reach.value = 'there'
    // Another token may have come in the meantime.
    if (response.status === 401 && token.value === used) leave('refused')
  })
  if (response.ok) return response
  throw await textOf(response, refusalOf(response.status))
}

function gone(): Unreachable {
  reach.value = 'gone'
  return new Unreachable()
}

/** A proxy says that nobody is behind it; problems of the router itself say what they are. */
function isOfProxy({ status, headers }: Response): boolean {
  const type = headers.get('Content-Type') ?? ''
  return [502, 503, 504].includes(status) && !type.startsWith('application/problem+json')
}

/** What is made of the text of an answer. */
async function textOf<Made>(response: Response, make: (text: string) => Made): Promise<Made> {
  let text: string
  try {
    text = await response.text()
  } catch {
    throw new Unreachable()
  }
  return make(text)
}

const refusalOf = (status: number) => (text: string) => {
  try {
    const { error: uri, detail, title, args, kwargs } = JSON.parse(text)
    return new Refusal(detail ?? title, { status, uri, args, kwargs })
  } catch {
    return new Refusal(text.slice(0, 200) || `status ${status}`, { status })
  }
}

/** Parts of a path and a query, each escaped. Those of the query that are undefined or empty are left out. */
export function pathTo(
  parts: readonly (string | number)[],
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const path = parts.map(part => `/${encodeURIComponent(part)}`).join('')
  const given = Object.entries(query).filter(([, value]) => value !== undefined && value !== '')
  const search = new URLSearchParams(given.map(([name, value]) => [name, String(value)]))
  return given.length === 0 ? path : `${path}?${search}`
}
