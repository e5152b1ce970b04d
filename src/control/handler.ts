import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import type { Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { ConfigError } from '../config/problem.ts'
import { WampError } from '../protocol/errors.ts'
import { StoreError } from '../store/store.ts'
import { ListenError } from '../transport/transport.ts'
import { ControlError } from './control-error.ts'
import { type Controlled, type Ending, VERBS, type Verb } from './verbs.ts'

/** Largest body of a request in bytes. */
const MAX_BODY = 4096

/** Errors of the router's that its operator can mend. Others are faults of ours. */
const REFUSALS = [ConfigError, ListenError, StoreError, WampError, ControlError]

/** A request that is not answered with 200. */
class Refusal extends Error {
  readonly status: number
  constructor(status: number, text: string) {
    super(text)
    this.status = status
  }
}

/**
 * Answers `GET /status` and `GET /admin`, all that is below `/api`, and `POST /reload`, `/drain`, `/stop` in lines of JSON. The body may be `{}`,
 * and `{"final": true}` for the last two. A refusal is `{"error": text}`, with status 409 where it is
 * the router's own.
 */
export function controlHandler(router: Controlled, log: Log, clock: Clock): RequestListener {
  return (request, response) => {
    if (router.api !== undefined && request.url?.startsWith('/api/')) {
      router.api(request, response)
      return
    }
    answer(request, response).catch(error => {
      if (request.destroyed && !request.complete) return
      const { status, text } = refusal(error)
      if (status === 500) log.error({ err: error }, `control: ${request.url} failed`)
      if (!response.headersSent) response.writeHead(status, headers(request))
      response.end(line({ error: text }))
    })
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const verb = verbOf(request)
    const ending = endingOf(verb, await bodyOf(request))
    const outcome = verb.run(router, ending, clock)
    response.writeHead(200, headers(request))
    for await (const part of Symbol.asyncIterator in outcome ? outcome : [outcome]) {
      response.write(line(part))
      if (response.destroyed) break
    }
    response.end()
  }
}

function refusal(error: unknown): { status: number; text: string } {
  if (error instanceof Refusal) return { status: error.status, text: error.message }
  const isRefusal = REFUSALS.some(kind => error instanceof kind)
  if (isRefusal) return { status: 409, text: (error as Error).message }
  return { status: 500, text: 'the router failed; its log says why' }
}

function headers(request: IncomingMessage): Record<string, string> {
  const allow = knownVerb(request)?.method
  return {
    'content-type': 'application/x-ndjson',
    // Then the end of an answer is the end of the connection, and closing waits for nobody idle.
    connection: 'close',
    ...(allow === undefined ? {} : { allow }),
  }
}

function line(part: object): string {
  return `${JSON.stringify(part)}\n`
}

function knownVerb({ url }: IncomingMessage): Verb | undefined {
  const name = String(url).slice(1)
  return Object.hasOwn(VERBS, name) ? VERBS[name] : undefined
}

function verbOf(request: IncomingMessage): Verb {
  const verb = knownVerb(request)
  if (verb === undefined) {
    const known = Object.keys(VERBS).map(name => `/${name}`)
    throw new Refusal(404, `nothing is at this path; known are ${known.join(', ')}`)
  }
  if (request.method !== verb.method) {
    throw new Refusal(405, `${request.url} is asked for with ${verb.method}`)
  }
  return verb
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  // Whoever sends too much is still to read why.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    size += chunk.length
    if (size > MAX_BODY) throw new Refusal(413, `the body is larger than ${MAX_BODY} bytes`)
    chunks.push(chunk)
  }
  if (size === 0) return {}
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new Refusal(400, 'the body is not JSON')
  }
}

function endingOf({ ends }: Verb, body: unknown): Ending {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new Refusal(400, 'the body is no JSON object')
  }
  const { final = false, ...others } = body as { final?: unknown }
  const unknown = Object.keys({ ...others, ...(ends ? {} : body) })
  if (unknown.length > 0) throw new Refusal(400, `unknown key ${JSON.stringify(unknown[0])}`)
  if (typeof final !== 'boolean') throw new Refusal(400, '"final" is true or false')
  return { final }
}
