import { type Dict, NO_PAYLOAD, Payload } from './payload.ts'

export const HELLO = 1
export const WELCOME = 2
export const ABORT = 3
export const CHALLENGE = 4
export const AUTHENTICATE = 5
export const GOODBYE = 6
export const ERROR = 8
export const PUBLISH = 16
export const PUBLISHED = 17
export const SUBSCRIBE = 32
export const SUBSCRIBED = 33
export const UNSUBSCRIBE = 34
export const UNSUBSCRIBED = 35
export const EVENT = 36
export const CALL = 48
export const CANCEL = 49
export const RESULT = 50
export const REGISTER = 64
export const REGISTERED = 65
export const UNREGISTER = 66
export const UNREGISTERED = 67
export const INVOCATION = 68
export const INTERRUPT = 69
export const YIELD = 70

/**
 * Reads the elements of one message in the order of the wire. Each method takes the next element
 * and throws ProtocolViolation, naming the field, if it is missing or of another type.
 */
export interface ElementReader {
  /** 1..2^53; a float that is whole is taken for an integer. */
  id(field: string): number
  /** 0..2^53. */
  integer(field: string): number
  string(field: string): string
  /** Keys as sent. An empty dict is one shared frozen object. */
  dict(field: string): Dict
  /** Another element follows. */
  hasMore(): boolean
  /** The rest: args and kwargs, checked to the last byte. */
  payload(): Payload
}

/** Writes the elements of one message in the order of the wire. */
export interface ElementWriter {
  integer(value: number): this
  string(value: string): this
  dict(value: Dict): this
  payload(payload: Payload): this
}

/** One row of the table: how a message lies on the wire. M is its type. */
export interface Shape<M extends { type: number } = Message> {
  readonly code: number
  readonly name: string
  /** A router may get it from a client. */
  readonly fromClient: boolean
  /** Elements before the payload, the code included. */
  readonly head: number
  /** args and kwargs may follow the head. */
  readonly tail: boolean
  /** Elements behind the head that only some messages of the kind have; absent where none has. */
  more?(message: M): number
  read(from: ElementReader): M
  write(to: ElementWriter, message: M): void
}

export type Hello = { type: typeof HELLO; realm: string; details: Dict }
export type Welcome = { type: typeof WELCOME; session: number; details: Dict }
export type Abort = { type: typeof ABORT; details: Dict; reason: string; payload: Payload }
export type Challenge = { type: typeof CHALLENGE; method: string; extra: Dict }
export type Authenticate = { type: typeof AUTHENTICATE; signature: string; extra: Dict }
export type Goodbye = { type: typeof GOODBYE; details: Dict; reason: string }
export type ErrorMessage = {
  type: typeof ERROR
  requestType: number
  request: number
  details: Dict
  error: string
  payload: Payload
}
export type Publish = {
  type: typeof PUBLISH
  request: number
  options: Dict
  topic: string
  payload: Payload
}
export type Published = { type: typeof PUBLISHED; request: number; publication: number }
export type Subscribe = { type: typeof SUBSCRIBE; request: number; options: Dict; topic: string }
export type Subscribed = { type: typeof SUBSCRIBED; request: number; subscription: number }
export type Unsubscribe = { type: typeof UNSUBSCRIBE; request: number; subscription: number }
export type Unsubscribed = {
  type: typeof UNSUBSCRIBED
  /** 0 where nobody asked: the subscription was revoked. */
  request: number
  /** The subscription that was revoked, and why; null in an answer. */
  details: Dict | null
}
export type EventMessage = {
  type: typeof EVENT
  subscription: number
  publication: number
  details: Dict
  payload: Payload
}
export type Call = {
  type: typeof CALL
  request: number
  options: Dict
  procedure: string
  payload: Payload
}
export type Cancel = { type: typeof CANCEL; request: number; options: Dict }
export type Result = { type: typeof RESULT; request: number; details: Dict; payload: Payload }
export type Register = { type: typeof REGISTER; request: number; options: Dict; procedure: string }
export type Registered = { type: typeof REGISTERED; request: number; registration: number }
export type Unregister = { type: typeof UNREGISTER; request: number; registration: number }
export type Unregistered = {
  type: typeof UNREGISTERED
  /** 0 where nobody asked: the registration was revoked. */
  request: number
  /** The registration that was revoked, and why; null in an answer. */
  details: Dict | null
}
export type Invocation = {
  type: typeof INVOCATION
  request: number
  registration: number
  details: Dict
  payload: Payload
}
export type Interrupt = { type: typeof INTERRUPT; request: number; options: Dict }
export type Yield = { type: typeof YIELD; request: number; options: Dict; payload: Payload }

export type Message =
  | Hello
  | Welcome
  | Abort
  | Challenge
  | Authenticate
  | Goodbye
  | ErrorMessage
  | Publish
  | Published
  | Subscribe
  | Subscribed
  | Unsubscribe
  | Unsubscribed
  | EventMessage
  | Call
  | Cancel
  | Result
  | Register
  | Registered
  | Unregister
  | Unregistered
  | Invocation
  | Interrupt
  | Yield

/** The messages that ask for something and are answered by name of the request. */
export type Request = Publish | Subscribe | Unsubscribe | Call | Register | Unregister

const table: (Shape | undefined)[] = []

/** The shape of a message code, or undefined where the code is not WAMP's. */
export function shapeOf(code: number): Shape | undefined {
  return table[code]
}

/** All messages of the protocol. */
export function shapes(): Shape[] {
  return table.filter(shape => shape !== undefined)
}

/**
 * Adds a row. `read` and `write` take the elements in the order of the wire, so a row can be held
 * against the chapter "Messages" of the specification. They are spelled out, and not a loop over
 * field names, so that all messages of a kind share one hidden class.
 */
function row<M extends Message>(shape: Shape<M>): void {
  table[shape.code] = shape as unknown as Shape
}

row<Hello>({
  code: HELLO,
  name: 'HELLO',
  fromClient: true,
  head: 3,
  tail: false,
  read: r => ({ type: HELLO, realm: r.string('realm'), details: r.dict('details') }),
  write: (w, m) => w.string(m.realm).dict(m.details),
})
row<Welcome>({
  code: WELCOME,
  name: 'WELCOME',
  fromClient: false,
  head: 3,
  tail: false,
  read: r => ({ type: WELCOME, session: r.id('session'), details: r.dict('details') }),
  write: (w, m) => w.integer(m.session).dict(m.details),
})
row<Abort>({
  code: ABORT,
  name: 'ABORT',
  fromClient: true,
  head: 3,
  tail: true,
  read: r => ({
    type: ABORT,
    details: r.dict('details'),
    reason: r.string('reason'),
    payload: r.payload(),
  }),
  write: (w, m) => w.dict(m.details).string(m.reason).payload(m.payload),
})
row<Challenge>({
  code: CHALLENGE,
  name: 'CHALLENGE',
  fromClient: false,
  head: 3,
  tail: false,
  read: r => ({ type: CHALLENGE, method: r.string('method'), extra: r.dict('extra') }),
  write: (w, m) => w.string(m.method).dict(m.extra),
})
row<Authenticate>({
  code: AUTHENTICATE,
  name: 'AUTHENTICATE',
  fromClient: true,
  head: 3,
  tail: false,
  read: r => ({ type: AUTHENTICATE, signature: r.string('signature'), extra: r.dict('extra') }),
  write: (w, m) => w.string(m.signature).dict(m.extra),
})
row<Goodbye>({
  code: GOODBYE,
  name: 'GOODBYE',
  fromClient: true,
  head: 3,
  tail: false,
  read: r => ({ type: GOODBYE, details: r.dict('details'), reason: r.string('reason') }),
  write: (w, m) => w.dict(m.details).string(m.reason),
})
row<ErrorMessage>({
  code: ERROR,
  name: 'ERROR',
  fromClient: true,
  head: 5,
  tail: true,
  read: r => ({
    type: ERROR,
    requestType: r.integer('requestType'),
    request: r.id('request'),
    details: r.dict('details'),
    error: r.string('error'),
    payload: r.payload(),
  }),
  write: (w, m) =>
    w.integer(m.requestType).integer(m.request).dict(m.details).string(m.error).payload(m.payload),
})
row<Publish>({
  code: PUBLISH,
  name: 'PUBLISH',
  fromClient: true,
  head: 4,
  tail: true,
  read: r => ({
    type: PUBLISH,
    request: r.id('request'),
    options: r.dict('options'),
    topic: r.string('topic'),
    payload: r.payload(),
  }),
  write: (w, m) => w.integer(m.request).dict(m.options).string(m.topic).payload(m.payload),
})
row<Published>({
  code: PUBLISHED,
  name: 'PUBLISHED',
  fromClient: false,
  head: 3,
  tail: false,
  read: r => ({ type: PUBLISHED, request: r.id('request'), publication: r.id('publication') }),
  write: (w, m) => w.integer(m.request).integer(m.publication),
})
row<Subscribe>({
  code: SUBSCRIBE,
  name: 'SUBSCRIBE',
  fromClient: true,
  head: 4,
  tail: false,
  read: r => ({
    type: SUBSCRIBE,
    request: r.id('request'),
    options: r.dict('options'),
    topic: r.string('topic'),
  }),
  write: (w, m) => w.integer(m.request).dict(m.options).string(m.topic),
})
row<Subscribed>({
  code: SUBSCRIBED,
  name: 'SUBSCRIBED',
  fromClient: false,
  head: 3,
  tail: false,
  read: r => ({ type: SUBSCRIBED, request: r.id('request'), subscription: r.id('subscription') }),
  write: (w, m) => w.integer(m.request).integer(m.subscription),
})
row<Unsubscribe>({
  code: UNSUBSCRIBE,
  name: 'UNSUBSCRIBE',
  fromClient: true,
  head: 3,
  tail: false,
  read: r => ({ type: UNSUBSCRIBE, request: r.id('request'), subscription: r.id('subscription') }),
  write: (w, m) => w.integer(m.request).integer(m.subscription),
})
row<Unsubscribed>({
  code: UNSUBSCRIBED,
  name: 'UNSUBSCRIBED',
  fromClient: false,
  head: 2,
  tail: false,
  more: m => (m.details === null ? 0 : 1),
  read: r => ({
    type: UNSUBSCRIBED,
    request: r.integer('request'),
    details: r.hasMore() ? r.dict('details') : null,
  }),
  write(w, m) {
    w.integer(m.request)
    if (m.details !== null) w.dict(m.details)
  },
})
row<EventMessage>({
  code: EVENT,
  name: 'EVENT',
  fromClient: false,
  head: 4,
  tail: true,
  read: r => ({
    type: EVENT,
    subscription: r.id('subscription'),
    publication: r.id('publication'),
    details: r.dict('details'),
    payload: r.payload(),
  }),
  write: (w, m) =>
    w.integer(m.subscription).integer(m.publication).dict(m.details).payload(m.payload),
})
row<Call>({
  code: CALL,
  name: 'CALL',
  fromClient: true,
  head: 4,
  tail: true,
  read: r => ({
    type: CALL,
    request: r.id('request'),
    options: r.dict('options'),
    procedure: r.string('procedure'),
    payload: r.payload(),
  }),
  write: (w, m) => w.integer(m.request).dict(m.options).string(m.procedure).payload(m.payload),
})
row<Cancel>({
  code: CANCEL,
  name: 'CANCEL',
  fromClient: true,
  head: 3,
  tail: false,
  read: r => ({ type: CANCEL, request: r.id('request'), options: r.dict('options') }),
  write: (w, m) => w.integer(m.request).dict(m.options),
})
row<Result>({
  code: RESULT,
  name: 'RESULT',
  fromClient: false,
  head: 3,
  tail: true,
  read: r => ({
    type: RESULT,
    request: r.id('request'),
    details: r.dict('details'),
    payload: r.payload(),
  }),
  write: (w, m) => w.integer(m.request).dict(m.details).payload(m.payload),
})
row<Register>({
  code: REGISTER,
  name: 'REGISTER',
  fromClient: true,
  head: 4,
  tail: false,
  read: r => ({
    type: REGISTER,
    request: r.id('request'),
    options: r.dict('options'),
    procedure: r.string('procedure'),
  }),
  write: (w, m) => w.integer(m.request).dict(m.options).string(m.procedure),
})
row<Registered>({
  code: REGISTERED,
  name: 'REGISTERED',
  fromClient: false,
  head: 3,
  tail: false,
  read: r => ({ type: REGISTERED, request: r.id('request'), registration: r.id('registration') }),
  write: (w, m) => w.integer(m.request).integer(m.registration),
})
row<Unregister>({
  code: UNREGISTER,
  name: 'UNREGISTER',
  fromClient: true,
  head: 3,
  tail: false,
  read: r => ({ type: UNREGISTER, request: r.id('request'), registration: r.id('registration') }),
  write: (w, m) => w.integer(m.request).integer(m.registration),
})
row<Unregistered>({
  code: UNREGISTERED,
  name: 'UNREGISTERED',
  fromClient: false,
  head: 2,
  tail: false,
  more: m => (m.details === null ? 0 : 1),
  read: r => ({
    type: UNREGISTERED,
    request: r.integer('request'),
    details: r.hasMore() ? r.dict('details') : null,
  }),
  write(w, m) {
    w.integer(m.request)
    if (m.details !== null) w.dict(m.details)
  },
})
row<Invocation>({
  code: INVOCATION,
  name: 'INVOCATION',
  fromClient: false,
  head: 4,
  tail: true,
  read: r => ({
    type: INVOCATION,
    request: r.id('request'),
    registration: r.id('registration'),
    details: r.dict('details'),
    payload: r.payload(),
  }),
  write: (w, m) => w.integer(m.request).integer(m.registration).dict(m.details).payload(m.payload),
})
row<Interrupt>({
  code: INTERRUPT,
  name: 'INTERRUPT',
  fromClient: false,
  head: 3,
  tail: false,
  read: r => ({ type: INTERRUPT, request: r.id('request'), options: r.dict('options') }),
  write: (w, m) => w.integer(m.request).dict(m.options),
})
row<Yield>({
  code: YIELD,
  name: 'YIELD',
  fromClient: true,
  head: 3,
  tail: true,
  read: r => ({
    type: YIELD,
    request: r.id('request'),
    options: r.dict('options'),
    payload: r.payload(),
  }),
  write: (w, m) => w.integer(m.request).dict(m.options).payload(m.payload),
})

/** What a message without options or details carries. */
export const NO_DETAILS: Dict = Object.freeze({})

/** The ERROR that answers a request. The text, for people, goes where clients show it: args. */
export function errorFor(request: Request, error: string, text?: string): ErrorMessage {
  return {
    type: ERROR,
    requestType: request.type,
    request: request.request,
    details: NO_DETAILS,
    error,
    payload: text === undefined ? NO_PAYLOAD : Payload.of([text]),
  }
}
