import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { ConfigError } from '../config/problem.ts'
import { answerProblem, Problem, statusOf } from '../gateway/bridge/problem.ts'
import { jsonOf } from '../gateway/content.ts'
import {
  INTERNAL_ERROR,
  INVALID_ARGUMENT,
  PayloadError,
  ProtocolViolation,
  WampError,
} from '../protocol/errors.ts'
import { Payload } from '../protocol/payload.ts'
import { StoreError } from '../store/store.ts'
import { readBody } from '../transport/body.ts'
import { pathOf } from '../transport/request-path.ts'
import { ListenError } from '../transport/transport.ts'
import { bodyOf, operationsAt, parametersOf } from './asked.ts'
import { openApi } from './openapi.ts'
import type { AdminHouse } from './operation.ts'

/** Errors of a reload that the operator can mend. */
const REFUSALS = [ConfigError, ListenError, StoreError]

/** The largest body of a request. Bytes. */
const MAX_BODY = 1 << 20

/** Where all of it is. */
export const API = '/api'

/** Answers requests below `/api`, for who may do anything: who asks has been found to be that. */
export function apiHandler(house: AdminHouse): RequestListener {
  return (request, response) => {
    response.setHeader('Cache-Control', 'no-store')
    // A client that is gone has no answer to read.
    response.on('error', () => {})
    answer(house, request, response).catch(error => {
      // What was given up because its client is gone is no fault of ours.
      if (response.destroyed && error.name === 'AbortError') return
      answerProblem(response, problemOf(house, error))
    })
  }
}

async function answer(house: AdminHouse, request: IncomingMessage, response: ServerResponse) {
  const path = pathOf(request).slice(API.length)
  if (path === '/openapi.json') {
    if (methodOf(request) !== 'GET') throw notBy(response, ['GET'])
    sendJson(response, openApi(house.version))
    return
  }
  const { byMethod, inPath } = operationsAt(path)
  const operation = byMethod.get(methodOf(request))
  // The head of a stream would have to be followed by it.
  const isHeadOfStream = operation?.isStream === true && request.method === 'HEAD'
  if (operation === undefined || isHeadOfStream) throw notBy(response, [...byMethod.keys()])
  const query = new URL(request.url ?? '', 'http://router').searchParams
  const asked = {
    ...parametersOf(operation, inPath, query),
    ...(operation.body && { body: bodyOf(operation.body, await bytesOf(house, request)) }),
  }
  const left = new AbortController()
  response.once('close', () => left.abort())
  const outcome = operation.run(house, asked as never, left.signal)
  if (operation.isStream) await sendLines(response, outcome as AsyncIterable<unknown>, left.signal)
  else {
    const answer = await outcome
    // That of values of clients takes ten times as long, which is much for 1,000 rows.
    sendJson(response, operation.carries ? jsonOf(answer) : JSON.stringify(answer))
  }
}

/** HEAD is GET, of which Node leaves out the body (RFC 9110 9.3.2). */
function methodOf({ method = '' }: IncomingMessage): string {
  return method === 'HEAD' ? 'GET' : method
}

async function bytesOf({ clock }: AdminHouse, request: IncomingMessage): Promise<Uint8Array> {
  const body = await readBody(request, MAX_BODY, clock)
  if ('bytes' in body) return body.bytes
  throw new Problem(INVALID_ARGUMENT, body.text, body.status)
}

function sendJson(response: ServerResponse, text: string): void {
  response.setHeader('Content-Type', 'application/json')
  response.end(text)
}

/** One line of JSON for each; waits for a reader that is slow. */
async function sendLines(
  response: ServerResponse,
  lines: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson' })
  response.flushHeaders()
  for await (const line of lines) {
    if (signal.aborted) break
    const goesOn = response.write(`${jsonOf(line)}\n`)
    if (!goesOn) await drained(response)
  }
  response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

function notBy(response: ServerResponse, methods: readonly string[]): Problem {
  response.setHeader('Allow', methods.join(', '))
  return new Problem(INVALID_ARGUMENT, `only ${methods.join(', ')} is for here`, 405)
}

function problemOf(house: AdminHouse, error: unknown): Problem {
  if (error instanceof Problem) return error
  if (error instanceof WampError) {
    const text = typeof error.args[0] === 'string' ? error.args[0] : error.uri
    const payload = Payload.of(error.args, error.kwargs)
    return new Problem(error.uri, text, statusFor(error.uri), payload)
  }
  // Options that a client which says what these sessions say may not send.
  if (error instanceof ProtocolViolation) return new Problem(INVALID_ARGUMENT, error.message)
  if (error instanceof PayloadError) return new Problem(error.uri, error.message)
  if (REFUSALS.some(kind => error instanceof kind)) {
    return new Problem(INVALID_ARGUMENT, (error as Error).message, 409)
  }
  house.log.error({ err: error }, 'internal error')
  return new Problem(INTERNAL_ERROR, 'the router failed; its log says why', 500)
}

/** Callees choose their errors; 401 is about the token here, and 500 about faults of the router. */
function statusFor(uri: string): number {
  if (uri.startsWith('wamp.error.no_such_')) return 404
  const status = statusOf(uri)
  return { 401: 403, 500: 502 }[status] ?? status
}
