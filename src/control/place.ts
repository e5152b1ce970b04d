import { type IncomingMessage, request as overHttp, type RequestOptions } from 'node:http'
import { request as overHttps } from 'node:https'
import { text } from 'node:stream/consumers'
import { ControlError } from './control-error.ts'

/** Where a router is asked: at its control socket, or at its admin endpoint. */
export type Place =
  | { readonly socket: string }
  | { readonly url: string; readonly token?: Token | undefined }

export interface Token {
  readonly text: string
  /** Where it was found, for people. */
  readonly from: string
}

export interface Asking {
  readonly method: 'GET' | 'POST'
  /** With its query; a URL has its own before it. */
  readonly path: string
  readonly body?: object | undefined
  /** Ends the waiting. */
  readonly signal?: AbortSignal | undefined
}

/** A router that says nothing for so long does not answer any more. Milliseconds. */
const SILENCE = 30_000

/** Sends a request. Rejects with a ControlError where there is no router; an answer may be a refusal. */
export function send(place: Place, asking: Asking): Promise<IncomingMessage> {
  const { method, path, body, signal } = asking
  const options: RequestOptions = {
    method,
    ...(signal === undefined ? {} : { signal }),
    timeout: SILENCE,
    // Else the connection would be kept, and the process with it.
    agent: false,
  }
  return new Promise((resolve, reject) => {
    const request = requestAt(place, path, options)
    request.on('response', resolve)
    request.on('error', error => reject(unreachable(place, error)))
    request.on('timeout', () => request.destroy(new Error('it does not answer')))
    request.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

function requestAt(place: Place, path: string, options: RequestOptions) {
  if ('socket' in place) return overHttp({ ...options, socketPath: place.socket, path })
  const { url, token } = place
  const headers = token === undefined ? {} : { authorization: `Bearer ${token.text}` }
  const whole = url.replace(/\/$/, '') + path
  return url.startsWith('https:')
    ? overHttps(whole, { ...options, headers })
    : overHttp(whole, { ...options, headers })
}

/** The whole answer. Rejects with a ControlError when the router ends before. */
export function textOf(place: Place, response: IncomingMessage): Promise<string> {
  return text(response).catch(error => Promise.reject(unreachable(place, error)))
}

/** The whole lines of an answer as they come. Throws a ControlError when the router ends before. */
export async function* linesOf(place: Place, response: IncomingMessage): AsyncGenerator<string> {
  try {
    let rest = ''
    for await (const chunk of response.setEncoding('utf8')) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() as string
      yield* lines
    }
  } catch (error) {
    throw unreachable(place, error as NodeJS.ErrnoException)
  } finally {
    response.destroy()
  }
}

const ENDED = 'it ended before it had answered'

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'nothing runs there',
  ECONNREFUSED: 'nothing runs there any more',
  EACCES: 'no permission; only the user whom the router runs as may use it',
  ECONNRESET: ENDED,
  EPIPE: ENDED,
}

const REASONS_OF_URLS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'no such host is known',
  EAI_AGAIN: 'no such host is known now',
  ECONNRESET: ENDED,
  EPIPE: ENDED,
  EPROTO: 'it does not speak TLS; is it http: that is meant?',
}

function unreachable(place: Place, { code = '', message }: NodeJS.ErrnoException): ControlError {
  const reasons = 'socket' in place ? REASONS : REASONS_OF_URLS
  const reason = code.startsWith('HPE_') ? 'what is there speaks no HTTP' : reasons[code]
  return new ControlError(`no answer from a router at ${nameOf(place)}: ${reason ?? message}`)
}

/** A place as people are told of it. */
export function nameOf(place: Place): string {
  return 'socket' in place ? place.socket : place.url
}
