import type { IncomingMessage } from 'node:http'
import { ControlError } from '../control/control-error.ts'
import { linesOf, nameOf, type Place, send, textOf } from '../control/place.ts'

/** What `/api` of a router does not do. The message is for the operator. */
export class ApiError extends ControlError {
  override name = 'ApiError'
  /** Of HTTP. */
  readonly status: number
  /** The URI of the error in WAMP, where there is one. */
  readonly uri: string | undefined

  constructor(message: string, status: number, uri?: string) {
    // It comes from elsewhere: it must not command the terminal.
    super(message.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, '\ufffd'))
    this.status = status
    this.uri = uri
  }
}

/** The parts of a path below `/api`, as they are: `['realms', 'a/b', 'sessions']`. */
export type Path = readonly (string | number)[]

/** Parameters of the query; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>

/** Asks `/api` of a router. All reject, or throw, with a ControlError; with an ApiError where it refuses. */
export interface Api {
  get<Answer>(path: Path, query?: Query): Promise<Answer>
  post<Answer>(path: Path, body?: object): Promise<Answer>
  /** The lines of a stream, until the router ends it, the reader leaves the loop, or the signal aborts it. */
  stream<Line>(path: Path, query?: Query, signal?: AbortSignal): AsyncGenerator<Line>
}

export function apiAt(place: Place): Api {
  const ask = (method: 'GET' | 'POST', path: Path, query: Query = {}, body?: object) =>
    send(place, { method, path: targetOf(path, query), body })
  return {
    get: async (path, query) => answerIn(place, await ask('GET', path, query)),
    post: async (path, body = {}) => answerIn(place, await ask('POST', path, {}, body)),
    async *stream<Line>(path: Path, query: Query = {}, signal?: AbortSignal) {
      try {
        const asking = { method: 'GET', path: targetOf(path, query), signal } as const
        const response = await send(place, asking)
        await accepted(place, response)
        // It may have nothing to tell for long; whether the router is still there, the system finds out.
        response.setTimeout(0)
        response.socket.setKeepAlive(true, 15_000)
        for await (const line of linesOf(place, response)) yield parsed<Line>(place, line)
      } catch (error) {
        if (signal?.aborted !== true) throw error
      }
    },
  }
}

function targetOf(path: Path, query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(name, String(value))
  }
  const text = ['/api', ...path.map(encodeURIComponent)].join('/')
  return parameters.size === 0 ? text : `${text}?${parameters}`
}

async function answerIn<Answer>(place: Place, response: IncomingMessage): Promise<Answer> {
  await accepted(place, response)
  return parsed(place, await textOf(place, response))
}

function parsed<Answer>(place: Place, text: string): Answer {
  try {
    return JSON.parse(text) as Answer
  } catch {
    throw new ControlError(`${nameOf(place)} answers what is no JSON`)
  }
}

interface Problem {
  readonly title: string
  readonly detail?: string
  readonly error?: string
}

/** Rejects with an ApiError unless a router answers, and does what was asked. */
async function accepted(place: Place, response: IncomingMessage): Promise<void> {
  const { statusCode: status = 0, statusMessage, headers } = response
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (status === 200 && /^application\/(json|x-ndjson)$/.test(type)) return
  if (type === 'application/problem+json') {
    const { title, detail = title, error }: Problem = parsed(place, await textOf(place, response))
    throw new ApiError(status === 401 ? refusedToken(place) : detail, status, error)
  }
  response.destroy()
  const answer = [status, statusMessage].join(' ').trim()
  throw new ApiError(
    `there is no API of a router at ${nameOf(place)}: it answers ${answer}`,
    status,
  )
}

function refusedToken(place: Place): string {
  const token = 'token' in place ? place.token : undefined
  const where = nameOf(place)
  if (token === undefined) {
    return `${where} asks for a token: give --token-file FILE, or set WAMPD_ADMIN_TOKEN`
  }
  return `${where} does not take the token of ${token.from}`
}
