import {
  INVALID_ARGUMENT,
  LIMIT_EXCEEDED,
  NO_SUCH_SUBSCRIPTION,
  PROTOCOL_VIOLATION,
} from '../../protocol/errors.ts'
import {
  CALL,
  ERROR,
  type ErrorMessage,
  type EventMessage,
  type Message,
  NO_DETAILS,
  PUBLISH,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNSUBSCRIBE,
} from '../../protocol/messages.ts'
import { type Dict, type Payload, sizeOf } from '../../protocol/payload.ts'
import { type Content, ContentError, contentOf, kindOfContent, payloadOf } from '../content.ts'
import type { InnerSession } from '../inner.ts'
import { textOf } from '../inner.ts'
import { ACK_MODES, type Consumer, Consumers, MAX_UNANSWERED, type Source } from './consumers.ts'
import type { Deliveries } from './deliveries.ts'
import { destinationOf, patternOf, TEMP_QUEUE } from './destination.ts'
import { encodeRest, type Frame, type Header, type Version } from './frame.ts'
import { ownHeaders, readHeaders } from './own-headers.ts'
import { Refusal } from './refusal.ts'
import { type Action, Transactions } from './transactions.ts'

/** Characters of what a client names itself, and the router keeps. */
const MAX_NAME = 1024

/** The client, as its session sees it. */
export interface Client {
  readonly version: Version
  /** A frame that answers one of the client's. */
  send(command: string, headers: readonly Header[]): void
  /** MESSAGE. `rest`: what follows these headers, a body included. `binary`: that may be no text. */
  deliver(headers: readonly Header[], rest: Uint8Array, binary: boolean): void
  /** Ends everything with ERROR. */
  refuse(uri: string, text: string, receipt: string | undefined): void
}

/** A client between CONNECTED and DISCONNECT: what its frames are in WAMP, and the other way. */
export class StompSession {
  readonly #inner: InnerSession
  readonly #client: Client
  readonly #deliveries: Deliveries
  readonly #consumers = new Consumers()
  readonly #transactions: Transactions

  /** The client's transactions may hold `maxBytes`. */
  constructor(inner: InnerSession, client: Client, deliveries: Deliveries, maxBytes: number) {
    this.#inner = inner
    this.#client = client
    this.#deliveries = deliveries
    this.#transactions = new Transactions(maxBytes)
  }

  /** A frame of the client. Throws Refusal. */
  receive(frame: Frame): void {
    switch (frame.command) {
      case 'SEND':
        this.#enact(frame, this.#sending(frame))
        break
      case 'SUBSCRIBE':
        this.#subscribe(frame)
        break
      case 'UNSUBSCRIBE':
        this.#unsubscribe(frame)
        break
      case 'ACK':
      case 'NACK':
        this.#enact(frame, this.#answering(frame))
        break
      case 'BEGIN':
        this.#transactions.begin(required(frame, 'transaction'))
        this.#receipt(frame)
        break
      case 'COMMIT':
        this.#run(frame, this.#transactions.end(required(frame, 'transaction')))
        break
      case 'ABORT':
        this.#transactions.end(required(frame, 'transaction'))
        this.#receipt(frame)
        break
      default:
        throw unknownFrame(frame)
    }
  }

  /** An event of a subscription. */
  event(event: EventMessage): void {
    this.#deliveries.add({
      consumers: [...this.#consumers.of(event.subscription)],
      size: event.payload.size + sizeOf(event.details),
      send: consumer => this.#deliver(consumer, restOf(event, consumer, this.#client.version)),
    })
  }

  /** Does at once what a frame asks for, or holds it for the end of its transaction. */
  #enact(frame: Frame, action: Action): void {
    const transaction = frame.headers.get('transaction')
    if (transaction === undefined) {
      this.#run(frame, [action])
      return
    }
    this.#transactions.hold(transaction, action, sizeOfFrame(frame))
    // It is held: the receipt of COMMIT says that it is done.
    this.#receipt(frame)
  }

  /** Does all these; the receipt comes when the last is done, ERROR when one is refused. */
  #run(frame: Frame, actions: readonly Action[]): void {
    let open = actions.length
    if (open === 0) this.#receipt(frame)
    for (const act of actions) {
      act(refused => {
        open--
        if (refused !== undefined) this.#refuse(refused, frame)
        else if (open === 0) this.#receipt(frame)
      })
    }
  }

  /** All of a SEND that can be wrong is found out before anything is sent. */
  #sending(frame: Frame): Action {
    const destination = destinationOf(required(frame, 'destination'))
    if (destination.kind === 'temp-queue') {
      throw new Refusal(INVALID_ARGUMENT, 'nobody can send to a temp-queue: it is for answers')
    }
    const payload = payloadIn(frame)
    return destination.kind === 'topic'
      ? this.#publishing(frame, destination.uri, payload)
      : this.#calling(frame, destination.uri, payload)
  }

  #publishing({ headers }: Frame, topic: string, payload: Payload): Action {
    // A refused SEND ends the connection, receipt or not (STOMP 1.2, "SEND"), so it is always asked
    // for an answer. Brokers of STOMP give a message to its sender too.
    const options = { acknowledge: true, exclude_me: false, ...ownHeaders(headers) }
    return done => {
      this.#inner.request(
        request => ({ type: PUBLISH, request, options, topic, payload }),
        answer => done(refusalIn(answer)),
      )
    }
  }

  #calling(frame: Frame, procedure: string, payload: Payload): Action {
    const { headers } = frame
    const queue = required(frame, 'reply-to')
    if (!queue.startsWith(TEMP_QUEUE)) {
      throw new Refusal(INVALID_ARGUMENT, 'reply-to is no /temp-queue/NAME')
    }
    const correlation = headers.get('correlation-id')
    const own: Header[] = correlation === undefined ? [] : [['correlation-id', correlation]]
    const options = callOptions(headers)
    return done => {
      this.#inner.request(
        request => ({ type: CALL, request, options, procedure, payload }),
        answer => {
          if (answer.type === RESULT) {
            const isPart = answer.details.progress === true
            this.#reply(queue, answer.payload, isPart ? [...own, PROGRESS] : own)
            if (!isPart) done()
          } else if (answer.type === ERROR) {
            this.#reply(queue, answer.payload, [...own, ['error', answer.error]])
            done()
          }
        },
      )
    }
  }

  /** An answer to a call, for whoever reads the queue; without a subscription it comes under its name. */
  #reply(queue: string, payload: Payload, headers: readonly Header[]): void {
    const content = contentOf(payload)
    const rest = encodeContent(this.#client.version, queue, content, headers)
    this.#deliveries.add({
      consumers: [...this.#consumers.at(queue)],
      size: rest.bytes.length,
      send: consumer => this.#deliver(consumer, rest),
    })
  }

  #subscribe(frame: Frame): void {
    const { headers } = frame
    const text = required(frame, 'destination')
    const destination = destinationOf(text)
    const ack = ACK_MODES.find(mode => mode === (headers.get('ack') ?? 'auto'))
    if (ack === undefined) {
      throw new Refusal(INVALID_ARGUMENT, `ack is none of ${ACK_MODES.join(', ')}`)
    }
    if (destination.kind === 'call') {
      throw new Refusal(INVALID_ARGUMENT, 'STOMP clients cannot be called')
    }
    const name = nameOf(frame, this.#client.version)
    const id = headers.get('id')
    // The realm says how long topics may be.
    const queue = destination.kind === 'temp-queue' ? destination.name : ''
    if (Math.max(id?.length ?? 0, queue.length) > MAX_NAME) {
      const text = `an id and a temp-queue have at most ${MAX_NAME} characters`
      throw new Refusal(INVALID_ARGUMENT, text)
    }
    if (destination.kind === 'temp-queue') {
      this.#consumers.add(name, destination.name, { id, ack, prefix: '', topic: text })
      this.#receipt(frame)
      return
    }
    const { uri: topic, match } = patternOf(destination.uri, headers.get('match'))
    const { prefix } = destination
    const { source } = this.#consumers.add(name, `${match} ${topic}`, { id, ack, prefix, topic })
    if (source.subscription !== null) {
      this.#receipt(frame)
      return
    }
    const options = match === 'exact' ? NO_DETAILS : { match }
    source.asked++
    this.#inner.request(
      request => ({ type: SUBSCRIBE, request, options, topic }),
      answer => {
        if (answer.type === SUBSCRIBED) {
          this.#consumers.subscribed(source, answer.subscription)
          // It may have been given up before it was there.
          this.#release(source)
          this.#receipt(frame)
        } else this.#refuse(answer, frame)
      },
    )
  }

  #unsubscribe(frame: Frame): void {
    const { source } = this.#consumers.remove(nameOf(frame, this.#client.version))
    this.#release(source, frame)
  }

  /** Ends the subscription that consumers shared, where the last of them is gone. */
  #release(source: Source, frame?: Frame): void {
    const subscription = this.#consumers.release(source)
    if (subscription === null) {
      if (frame !== undefined) this.#receipt(frame)
      return
    }
    this.#inner.request(
      request => ({ type: UNSUBSCRIBE, request, subscription }),
      answer => {
        // An administrator may have taken it away meanwhile.
        if (answer.type === ERROR && answer.error !== NO_SUCH_SUBSCRIPTION) {
          this.#refuse(answer, frame)
        } else if (frame !== undefined) this.#receipt(frame)
      },
    )
  }

  #answering(frame: Frame): Action {
    const { version } = this.#client
    if (frame.command === 'NACK' && version === '1.0') throw unknownFrame(frame)
    const id = required(frame, version === '1.2' ? 'id' : 'message-id')
    // In 1.1 the subscription is named, too (STOMP 1.1, "ACK"); the id knows it already.
    if (version === '1.1') required(frame, 'subscription')
    return done => {
      this.#consumers.answer(id)
      done()
    }
  }

  #deliver(consumer: Consumer, rest: Rest): void {
    const message = this.#consumers.nextMessage(consumer)
    if (message === null) {
      const text = `over ${MAX_UNANSWERED} messages wait for ACK or NACK`
      this.#deliveries.drop()
      this.#client.refuse(LIMIT_EXCEEDED, text, undefined)
      return
    }
    const { id, ack } = consumer
    const headers: Header[] = [['message-id', message]]
    if (id !== undefined) headers.push(['subscription', id])
    if (ack !== 'auto') headers.push(['ack', message])
    this.#client.deliver(headers, rest.bytes, rest.binary)
  }

  #receipt({ headers }: Frame): void {
    const receipt = headers.get('receipt')
    if (receipt !== undefined) this.#client.send('RECEIPT', [['receipt-id', receipt]])
  }

  #refuse(answer: Message, frame: Frame | undefined): void {
    if (answer.type !== ERROR) return
    this.#client.refuse(answer.error, textOf(answer), frame?.headers.get('receipt'))
  }
}

/** What a MESSAGE has for all of its receivers. */
interface Rest {
  readonly bytes: Uint8Array
  /** Its body may be no text. */
  readonly binary: boolean
}

/** The rests of events, each in the form in which it went out last. */
const rests = new WeakMap<EventMessage, { readonly form: string; readonly rest: Rest }>()

function restOf(event: EventMessage, { prefix, topic }: Consumer, version: Version): Rest {
  const form = version + prefix
  const known = rests.get(event)
  if (known?.form === form) return known.rest
  const { details, payload, publication } = event
  const destination = prefix + String(details.topic ?? topic)
  const rest = encodeContent(version, destination, contentOf(payload), [
    ['publication', String(publication)],
    ...missedIn(details),
    ...readHeaders(details),
  ])
  rests.set(event, { form, rest })
  return rest
}

/** How many messages are missing before this one (docs/pubsub.md, "Gaps"). */
function missedIn({ _missed: missed }: Dict): Header[] {
  if (typeof missed !== 'object' || missed === null) return []
  return [['missed', String((missed as Dict).count)]]
}

function encodeContent(
  version: Version,
  destination: string,
  { type, body }: Content,
  headers: readonly Header[],
): Rest {
  const kind = kindOfContent(type)
  const found: Header[] = [['destination', destination]]
  if (body.length > 0) {
    const own = headers.find(([name]) => name === 'content-type')?.[1]
    // The sender's own type, where it is one of the same kind.
    const isSame = own !== undefined && kindOfContent(own) === kind
    found.push(['content-type', isSame ? own : type])
  }
  for (const header of headers) if (header[0] !== 'content-type') found.push(header)
  return { bytes: encodeRest(version, found, body), binary: kind === 'bytes' }
}

const PROGRESS: Header = ['progress', 'true']

function callOptions(headers: Frame['headers']): Dict {
  const timeout = headers.get('timeout')
  if (timeout !== undefined && !/^\d{1,9}$/.test(timeout)) {
    throw new Refusal(INVALID_ARGUMENT, 'timeout is no number of milliseconds')
  }
  return {
    ...(headers.get('progress') === 'true' ? { receive_progress: true } : {}),
    ...(timeout === undefined ? {} : { timeout: Number(timeout) }),
  }
}

/** What a frame takes of the memory, roughly. */
function sizeOfFrame({ headers, body }: Frame): number {
  let size = body.length
  for (const [name, value] of headers) size += name.length + value.length
  return size
}

function payloadIn({ headers, body }: Frame): Payload {
  try {
    return payloadOf({ type: headers.get('content-type') ?? '', body })
  } catch (error) {
    if (error instanceof ContentError) throw new Refusal(INVALID_ARGUMENT, error.message)
    throw error
  }
}

/** What the client knows a subscription by: its id or, in 1.0, its destination too. */
function nameOf(frame: Frame, version: Version): string {
  const id = frame.headers.get('id')
  if (id !== undefined) return `id ${id}`
  if (version !== '1.0') throw missing(frame, 'id')
  return `destination ${required(frame, 'destination')}`
}

function refusalIn(answer: Message): ErrorMessage | undefined {
  return answer.type === ERROR ? answer : undefined
}

function required(frame: Frame, name: string): string {
  const value = frame.headers.get(name)
  if (value === undefined) throw missing(frame, name)
  return value
}

function missing({ command }: Frame, name: string): Refusal {
  return new Refusal(PROTOCOL_VIOLATION, `${command} has no header ${name}`)
}

function unknownFrame({ command }: Frame): Refusal {
  const name = JSON.stringify(command.slice(0, 50))
  return new Refusal(PROTOCOL_VIOLATION, `${name} is no frame for a client to send now`)
}
