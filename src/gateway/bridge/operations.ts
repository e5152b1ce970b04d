import {
  INVALID_ARGUMENT,
  PROTOCOL_VIOLATION,
  ProtocolViolation,
  UNTRANSLATABLE_PAYLOAD,
} from '../../protocol/errors.ts'
import {
  CALL,
  CANCEL,
  ERROR,
  type Message,
  PUBLISH,
  type PUBLISHED,
  type RESULT,
} from '../../protocol/messages.ts'
import { type Dict, Payload } from '../../protocol/payload.ts'
import { type TraceContext, traceContext } from '../../protocol/trace-context.ts'
import { json } from '../../serializer/json.ts'
import {
  type Content,
  ContentError,
  contentOf,
  jsonContentOf,
  jsonOf,
  kindOfContent,
  payloadOf,
} from '../content.ts'
import type { Request } from '../inner.ts'
import type { Job } from './bridge.ts'
import { subscribe } from './events.ts'
import { openApi } from './openapi.ts'
import { Problem } from './problem.ts'
import { FORM_OPTIONS, type Route } from './routes.ts'
import { type Lines, NDJSON, SSE, Stream } from './stream.ts'

/** What becomes of a request, by its operation. All reject with a Problem where it cannot be. */
export const operations: Readonly<Record<Route['operation'], (job: Job) => Promise<void>>> = {
  publish,
  call,
  subscribe,
  async describe(job) {
    answer(job, { type: JSON_TYPE, body: Buffer.from(openApi(job.path)) })
  },
}

const JSON_TYPE = 'application/json'

/** What a request is about: what its path, query and body say, or its body alone. */
interface Subject {
  readonly uri: string
  readonly options: Dict
  readonly payload: Payload
  /** It was said in the body alone. */
  readonly isForm: boolean
}

async function publish(job: Job): Promise<void> {
  if (!job.accept.takes(JSON_TYPE)) throw unacceptable(JSON_TYPE)
  const { uri: topic, options, payload, isForm } = subjectOf(job, 'topic')
  const make = sound(request => ({
    type: PUBLISH,
    request,
    options: { ...options, ...traceOf(job), acknowledge: true },
    topic,
    payload,
  }))
  const { session, release } = await job.lease()
  try {
    const told = await session.ask(make)
    if (told.type === ERROR) throw Problem.of(told)
    const { publication } = told as Extract<Message, { type: typeof PUBLISHED }>
    const outcome = isForm ? { id: publication } : { publication }
    answer(job, { type: JSON_TYPE, body: Buffer.from(jsonOf(outcome)) })
  } finally {
    release()
  }
}

async function call(job: Job): Promise<void> {
  const { accept } = job
  const { uri: procedure, options, payload, isForm } = subjectOf(job, 'procedure')
  const make = (more: Dict) =>
    sound(request => ({
      type: CALL,
      request,
      options: { ...options, ...traceOf(job), ...more },
      procedure,
      payload,
    }))
  if (accept.names(NDJSON.type)) return callInParts(job, make({ receive_progress: true }), NDJSON)
  if (accept.names(SSE.type)) return callInParts(job, make({ receive_progress: true }), SSE)
  const takesOther = ['text/plain', 'application/octet-stream'].some(type => accept.takes(type))
  if (!accept.takes(JSON_TYPE) && (isForm || !takesOther)) throw unacceptable(JSON_TYPE)
  await callOnce(job, make({}), isForm)
}

async function callOnce(job: Job, make: Request, isForm: boolean): Promise<void> {
  const { response, accept } = job
  const { session, release } = await job.lease()
  let request = 0
  // Nobody waits for the answer any more.
  const cancel = () => session.post({ type: CANCEL, request, options: { mode: 'kill' } })
  try {
    const asking = session.ask(make, undefined, number => {
      request = number
    })
    if (response.destroyed) cancel()
    else response.once('close', cancel)
    const told = await asking
    response.off('close', cancel)
    if (told.type === ERROR) throw Problem.of(told)
    const { payload } = told as Extract<Message, { type: typeof RESULT }>
    answer(job, isForm ? formOf(payload) : contentFor(payload, accept))
  } finally {
    response.off('close', cancel)
    release()
  }
}

/** Each result is a line, or an event; where the call fails after the first, so is its problem. */
async function callInParts(job: Job, make: Request, lines: Lines): Promise<void> {
  const { response, clock, terms } = job
  const stream = new Stream(response, lines, clock, terms.heartbeat)
  const session = await job.session(stream, problem => {
    stream.send(problem.body, 'error')
    stream.end(problem.message)
  })
  stream.follow(session)
  const told = await session.ask(make, part => stream.send(resultText(part)))
  if (told.type === ERROR) {
    const problem = Problem.of(told)
    // The status is still to be told.
    if (!stream.isBegun) {
      stream.forget()
      throw problem
    }
    stream.send(problem.body, 'error')
  } else stream.send(resultText(told))
  stream.finish()
}

function resultText(message: Message): string {
  const { payload, details } = message as Extract<Message, { type: typeof RESULT }>
  const progress = details.progress === true ? { progress: true } : {}
  return jsonOf({ ...progress, ...payload.open() })
}

/** The trace that the request belongs to goes on in WAMP. */
function traceOf({ request: { headers } }: Job): TraceContext | null {
  return traceContext(headers.traceparent, headers.tracestate)
}

/** What the request says. Throws Problem. */
function subjectOf(job: Job, name: 'topic' | 'procedure'): Subject {
  const { route, uri, given, request, body } = job
  const type = request.headers['content-type'] ?? ''
  if (route.path.includes('{')) {
    return { uri, options: given, payload: payloadIn({ type, body }), isForm: false }
  }
  if (kindOfContent(type) !== 'json') {
    throw new Problem(INVALID_ARGUMENT, `the body is no ${JSON_TYPE}`, 415)
  }
  return formIn(body, name)
}

function payloadIn(content: Content): Payload {
  try {
    return payloadOf(content)
  } catch (error) {
    if (error instanceof ContentError) throw new Problem(INVALID_ARGUMENT, error.message)
    throw error
  }
}

/** A body that says all by itself: `{"topic": …, "args": […], "kwargs": {…}, "options": {…}}`. */
function formIn(body: Uint8Array, name: 'topic' | 'procedure'): Subject {
  const list = payloadIn({ type: JSON_TYPE, body: Buffer.concat([OPEN, body, CLOSE]) })
  const [form, ...others] = list.values().args as unknown[]
  if (!isDict(form) || others.length > 0) throw new Problem(INVALID_ARGUMENT, 'the body is no dict')
  const { [name]: uri, args = [], kwargs, options = {}, ...more } = form
  const operation = name === 'topic' ? 'publish' : 'call'
  if (typeof uri !== 'string') throw new Problem(INVALID_ARGUMENT, `${name} is no string`)
  if (!Array.isArray(args)) throw new Problem(INVALID_ARGUMENT, 'args is no list')
  if (kwargs !== undefined && !isDict(kwargs)) {
    throw new Problem(INVALID_ARGUMENT, 'kwargs is no dict')
  }
  if (!isDict(options)) throw new Problem(INVALID_ARGUMENT, 'options is no dict')
  const known = FORM_OPTIONS[operation]
  const odd = Object.keys(more)[0] ?? Object.keys(options).find(one => !known.includes(one))
  if (odd !== undefined) {
    throw new Problem(INVALID_ARGUMENT, `there is no ${JSON.stringify(odd.slice(0, 50))} here`)
  }
  return { uri, options, payload: Payload.of(args, kwargs), isForm: true }
}

const OPEN = Buffer.from('[')
const CLOSE = Buffer.from(']')

function isDict(value: unknown): value is Dict {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * Reads what is about to be sent as the router will. A client that breaks the protocol loses its
 * session, and that of a bridge may be in use by others.
 */
function sound(make: Request): Request {
  try {
    json.decode(json.encode(make(1)))
  } catch (error) {
    if (!(error instanceof ProtocolViolation)) throw error
    throw new Problem(PROTOCOL_VIOLATION, error.message)
  }
  return make
}

/** A result as the client wants it, JSON where it does not take what it would be. */
function contentFor(payload: Payload, accept: Job['accept']): Content {
  try {
    const content = contentOf(payload)
    return accept.takes(content.type) || content.body.length === 0
      ? content
      : jsonContentOf(payload)
  } catch (error) {
    throw new Problem(UNTRANSLATABLE_PAYLOAD, (error as Error).message)
  }
}

function formOf(payload: Payload): Content {
  const { args = [], kwargs = {} } = payload.open()
  return { type: JSON_TYPE, body: Buffer.from(jsonOf({ args, kwargs })) }
}

function unacceptable(type: string): Problem {
  return new Problem(INVALID_ARGUMENT, `Accept does not let ${type} come`, 406)
}

/** How long a client may take to read an answer. Milliseconds. */
const READ_TIMEOUT = 30_000

function answer({ response, clock }: Job, { type, body }: Content): void {
  const timer = clock.after(READ_TIMEOUT, () => response.destroy())
  response.once('close', () => timer.cancel())
  if (body.length === 0) response.writeHead(204).end()
  else response.writeHead(200, { 'Content-Type': type, 'Content-Length': body.length }).end(body)
}
