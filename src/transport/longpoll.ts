import { isUtf8 } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import type { Source } from '../base/client-address.ts'
import type { Clock } from '../base/clock.ts'
import type { Counters } from '../base/counters.ts'
import type { Log } from '../base/log.ts'
import { isOriginAllowed } from './allowed-origin.ts'
import { type Body, readBody } from './body.ts'
import { HEADROOM, tooLarge } from './message-size.ts'
import { PollConnection, type PollTimes } from './poll-connection.ts'
import { answerPreflight } from './preflight.ts'
import { answerText } from './text-answer.ts'
import { certificateOfClient } from './tls.ts'
import type { Endpoint } from './transport.ts'

/** What long-poll asks of the router. */
export interface PollHouse {
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
  /** Sessions may be opened: the router is not going down. */
  isOpen(): boolean
}

/** The largest body of `open` in bytes: it names some protocols. */
const OPEN_SIZE = 1 << 14
/** Bytes that each send takes up besides its body. */
const SEND_COST = 1 << 10
/** Bytes that the sends of one client may take up at a time, where messages are small. */
const SENDS = 1 << 20
/** How long the id of a connection that is gone is known for, so that it can be closed. Milliseconds. */
const LINGER = 10_000

/** One long-poll transport and the messages that come over it. */
interface Polling {
  readonly connection: PollConnection
  /** The endpoint's limit on messages when it was opened. */
  readonly limit: number
  /** When all that came before is dealt with. */
  turn: Promise<void>
  /** Bytes that sends which are not dealt with take up. */
  arriving: number
}

/** An answer with a text for people. */
interface Answer {
  readonly status: number
  readonly text: string
}

/** WAMP over HTTP requests (WAMP, "HTTP Longpoll Transport"), below one path. */
export class LongPoll {
  readonly #house: PollHouse
  readonly #endpoint: Endpoint
  readonly #pollings = new Map<string, Polling>()
  readonly #ended = new Set<string>()
  times: PollTimes

  constructor(house: PollHouse, endpoint: Endpoint, times: PollTimes) {
    this.#house = house
    this.#endpoint = endpoint
    this.times = times
  }

  /** Clients are there, who need new requests to go on. */
  get isInUse(): boolean {
    return this.#pollings.size > 0
  }

  /** Ends what is still there. */
  close(): void {
    for (const { connection } of this.#pollings.values()) {
      connection.receiver.farewell(1001, 'nothing is served here any more')
      connection.terminate()
    }
  }

  /** Answers a request; `below` is what follows the base URL: `/open`, `/ID/receive`. */
  handle(request: IncomingMessage, response: ServerResponse, below: string, source: Source): void {
    const { method, headers } = request
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    // An answer to a client that is gone is an error of its connection, not of ours.
    response.on('error', () => {})
    const { origin = '', host = '' } = headers
    if (!isOriginAllowed(origin, host, this.#endpoint)) {
      this.#refuse(response, 403, 'pages of this origin may not connect here')
      return
    }
    if (origin !== '') {
      response.setHeader('Access-Control-Allow-Origin', origin)
      // Autobahn|JS sends its requests with credentials, for which `*` does not do.
      response.setHeader('Access-Control-Allow-Credentials', 'true')
      response.setHeader('Vary', 'Origin')
    }
    if (method === 'OPTIONS') answerPreflight(request, response, 'POST', 'content-type')
    else if (method !== 'POST') {
      response.setHeader('Allow', 'POST, OPTIONS')
      this.#refuse(response, 405, 'only POST is for here')
    } else if (below === '/open') this.#open(request, response, source)
    else this.#operate(request, response, below)
  }

  #open(request: IncomingMessage, response: ServerResponse, source: Source): void {
    void readBody(request, OPEN_SIZE, this.#house.clock).then(body => {
      const answer = this.#opened(request, body, source)
      if ('status' in answer) {
        this.#refuse(response, answer.status, answer.text)
        return
      }
      const { transport } = answer
      const polling = this.#pollings.get(transport) as Polling
      // The session layer says in the same turn if there is no room.
      queueMicrotask(() => {
        const ending = polling.connection.ending()
        if (ending === null && !response.headersSent && !response.destroyed) {
          response.writeHead(200, { 'Content-Type': 'application/json' })
          response.end(JSON.stringify(answer))
        } else {
          polling.connection.terminate()
          this.#refuse(response, 503, ending?.reason ?? 'nobody waits for the answer')
        }
      })
    })
  }

  /** A new transport, or why there is none. */
  #opened(
    request: IncomingMessage,
    body: Body,
    source: Source,
  ): { readonly protocol: string; readonly transport: string } | Answer {
    if ('status' in body) return body
    if (!this.#house.isOpen()) return { status: 503, text: 'the router is going down' }
    const { protocols } = this.#endpoint
    const name = offered(body.bytes)?.find(one => protocols.has(one))
    const protocol = protocols.get(name ?? '')
    if (name === undefined || protocol === undefined) {
      const ours = JSON.stringify([...protocols.keys()])
      return { status: 400, text: `expected {"protocols": […]} with one of ${ours}` }
    }
    const transport = randomBytes(16).toString('base64url')
    const { socket } = request
    const isTls = socket instanceof TLSSocket
    const poller = {
      remote: source.remote,
      secure: source.secure ?? isTls,
      certificate: isTls ? certificateOfClient(socket) : null,
      spoken: protocol,
      expired: () => this.#expire(connection),
      left: () => this.#left(transport),
    }
    const connection = new PollConnection(poller, this.#house.clock, this.times)
    const limit = this.#endpoint.maxMessageSize
    this.#pollings.set(transport, { connection, limit, turn: Promise.resolve(), arriving: 0 })
    connection.receiver = this.#endpoint.open(connection, name)
    return { protocol: name, transport }
  }

  #operate(request: IncomingMessage, response: ServerResponse, below: string): void {
    const [, id = '', operation] = /^\/([^/]+)\/(receive|send|close)$/.exec(below) ?? []
    const polling = this.#pollings.get(id)
    if (polling === undefined) {
      // Autobahn|JS closes after a GOODBYE, when the router may have done so; it waits for the answer.
      if (operation === 'close' && this.#ended.has(id)) answerText(response, 204, '')
      else this.#refuse(response, 404, 'no such transport')
    } else if (operation === 'receive') polling.connection.poll(response)
    else if (operation === 'send') this.#send(request, response, polling)
    else {
      polling.connection.leave()
      answerText(response, 204, '')
    }
  }

  /** Messages are taken in the order in which their requests came, whichever body is here first. */
  #send(request: IncomingMessage, response: ServerResponse, polling: Polling): void {
    const { limit } = polling
    const { 'content-length': length } = request.headers
    const cost = SEND_COST + Math.min(Number(length ?? limit), limit)
    if (polling.arriving + cost > Math.max(SENDS, HEADROOM * limit)) {
      this.#refuse(response, 429, 'too much is sent at a time')
      return
    }
    polling.arriving += cost
    const body = readBody(request, limit, this.#house.clock)
    polling.turn = polling.turn.then(async () => {
      const { status, text } = take(polling.connection, await body, limit)
      polling.arriving -= cost
      if (status === 204) answerText(response, status, '')
      else this.#refuse(response, status, text)
    })
  }

  #expire(connection: PollConnection): void {
    this.#house.counters.count('expired_polls')
    this.#house.log.info({ remote: connection.remote }, 'client polls no more')
    connection.receiver.farewell(1001, 'no poll in time')
    connection.terminate()
  }

  #left(transport: string): void {
    this.#pollings.delete(transport)
    this.#ended.add(transport)
    this.#house.clock.after(LINGER, () => this.#ended.delete(transport))
  }

  #refuse(response: ServerResponse, status: number, text: string): void {
    this.#house.counters.count('refused_polls')
    answerText(response, status, text)
  }
}

/** What ends a session by a message is told to its sender, in HTTP's terms. */
const STATUS_OF: Readonly<Record<number, number>> = { 1000: 204, 1011: 500, 1012: 503, 1013: 503 }

/** Hands a message on; gives the answer to who sent it. */
function take(connection: PollConnection, body: Body, limit: number): Answer {
  const { receiver, spoken } = connection
  const ended = connection.ending()
  if (ended !== null) return { status: 410, text: ended.reason }
  if ('status' in body) {
    if (body.status === 413) receiver.farewell(1009, tooLarge(limit))
    return body
  }
  if (!spoken.binary && !isUtf8(body.bytes)) receiver.farewell(1007, 'not UTF-8')
  else receiver.bytes(body.bytes, spoken.binary)
  const { code, reason } = connection.ending() ?? { code: 1000, reason: '' }
  return { status: STATUS_OF[code] ?? 400, text: reason }
}

/** The protocols that a body of `open` names; undefined where it is not sound. */
function offered(body: Uint8Array): string[] | undefined {
  try {
    const { protocols } = JSON.parse(Buffer.from(body).toString()) ?? {}
    return Array.isArray(protocols) ? protocols : undefined
  } catch {
    return undefined
  }
}
