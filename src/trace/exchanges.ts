import {
  CALL,
  CANCEL,
  ERROR,
  EVENT,
  INTERRUPT,
  INVOCATION,
  type Message,
  PUBLISH,
  PUBLISHED,
  REGISTER,
  REGISTERED,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
  UNREGISTER,
  UNREGISTERED,
  UNSUBSCRIBE,
  UNSUBSCRIBED,
  YIELD,
} from '../protocol/messages.ts'

/** A request, and what follows from it. */
export interface Exchange {
  /** The topic or procedure; undefined where it cannot be told. */
  readonly uri: string | undefined
  /** One for each exchange. */
  readonly name: string
  /** The session that asks. */
  readonly from: number | undefined
  /** When it was asked. Milliseconds. */
  readonly time: number
  /** The session that answers a call. */
  to?: number
}

/** What a message is to an exchange. */
export interface Part {
  readonly exchange: Exchange
  /** Milliseconds since what it answers. */
  readonly took?: number
  /** The session at the other end. */
  readonly other?: number | undefined
}

/** Whoever sends requests and gets answers: a session. */
export interface Party {
  readonly id: number
}

/** What is known of requests that have not been answered, or may be once more. */
const MAX_EXCHANGES = 50_000

/** The longest that `uri_length` allows: what is longer is refused, and is not kept for its answer. */
const MAX_URI = 8192

/** An INVOCATION that was sent. */
interface Asked {
  readonly exchange: Exchange
  readonly time: number
}

/** The URIs or patterns of subscriptions and registrations, where these are there. */
export interface Uris {
  subscription(realm: string, id: number): string | undefined
  registration(realm: string, id: number): string | undefined
}

/**
 * Knows what belongs together: answers name their request and no URI. What is long past is
 * forgotten, the oldest first.
 */
export class Exchanges {
  readonly #uris: Uris
  readonly #numbers = new WeakMap<Party, number>()
  #lastNumber = 0
  /** By party, type of request, and request. */
  readonly #made = new Bounded<Exchange>(MAX_EXCHANGES)
  /** By party and invocation. */
  readonly #asked = new Bounded<Asked>(MAX_EXCHANGES)
  readonly #published = new Bounded<Exchange>(MAX_EXCHANGES)
  /** The call whose INVOCATION comes next. */
  #invoking: Exchange | null = null

  constructor(uris: Uris) {
    this.#uris = uris
  }

  /** The next INVOCATION that is sent is for this call. */
  invoking(caller: Party, request: number, procedure: string, callee: Party, now: number): void {
    const key = this.#key(caller, CALL, request)
    let exchange = this.#made.get(key)
    if (exchange?.uri !== procedure) {
      exchange = { uri: procedure, name: key, from: caller.id, time: now }
      this.#made.set(key, exchange)
    }
    exchange.to = callee.id
    this.#invoking = exchange
  }

  /** A PUBLISH has become a publication. */
  published(publisher: Party, request: number, topic: string, id: number, now: number): void {
    const key = this.#key(publisher, PUBLISH, request)
    const known = this.#made.get(key)
    const from = publisher.id
    this.#published.set(id, known ?? { uri: topic, name: key, from, time: now })
  }

  /** The part that a message of a session has; undefined where it belongs to nothing that is known. */
  partOf(party: Party, realm: string, message: Message, now: number): Part | undefined {
    switch (message.type) {
      case CALL:
        return this.#begin(party, message, message.procedure, now)
      case REGISTER:
        return this.#begin(party, message, message.procedure, now)
      case PUBLISH:
      case SUBSCRIBE:
        return this.#begin(party, message, message.topic, now)
      case UNSUBSCRIBE: {
        const uri = this.#uris.subscription(realm, message.subscription)
        return this.#begin(party, message, uri, now)
      }
      case UNREGISTER: {
        const uri = this.#uris.registration(realm, message.registration)
        return this.#begin(party, message, uri, now)
      }
      case CANCEL:
        return partOf(this.#made.get(this.#key(party, CALL, message.request)))
      case RESULT:
        return this.#answer(party, CALL, message.request, now, message.details.progress === true)
      case PUBLISHED:
        return this.#answer(party, PUBLISH, message.request, now)
      case SUBSCRIBED:
        return this.#answer(party, SUBSCRIBE, message.request, now)
      case REGISTERED:
        return this.#answer(party, REGISTER, message.request, now)
      case UNSUBSCRIBED:
        return this.#answer(party, UNSUBSCRIBE, message.request, now)
      case UNREGISTERED:
        return this.#answer(party, UNREGISTER, message.request, now)
      case INVOCATION:
        return this.#invoke(party, message.request, now)
      case INTERRUPT: {
        const asked = this.#asked.get(this.#key(party, INVOCATION, message.request))
        return partOf(asked?.exchange)
      }
      case YIELD:
        return this.#yield(party, message.request, now, message.options.progress === true)
      case ERROR: {
        const { requestType, request } = message
        if (requestType === INVOCATION) return this.#yield(party, request, now)
        return this.#answer(party, requestType, request, now)
      }
      case EVENT: {
        const exchange = this.#published.get(message.publication)
        if (exchange === undefined) return undefined
        return { exchange, took: now - exchange.time, other: exchange.from }
      }
      default:
        return undefined
    }
  }

  #begin(
    party: Party,
    { type, request }: { readonly type: number; readonly request: number },
    uri: string | undefined,
    now: number,
  ): Part {
    const key = this.#key(party, type, request)
    const known = this.#made.get(key)
    // A further part of a progressive call belongs to the first one.
    if (type === CALL && known?.uri === uri) return { exchange: known as Exchange }
    const exchange = { uri, name: key, from: party.id, time: now }
    // There may be 50,000 of them, each as long as a message.
    const isLong = uri !== undefined && uri.length > MAX_URI
    this.#made.set(key, isLong ? { ...exchange, uri: undefined } : exchange)
    return { exchange }
  }

  #answer(
    party: Party,
    type: number,
    request: number,
    now: number,
    isProgress = false,
  ): Part | undefined {
    const key = this.#key(party, type, request)
    const exchange = this.#made.get(key)
    if (exchange === undefined) return undefined
    if (!isProgress) this.#made.delete(key)
    return { exchange, took: now - exchange.time, other: exchange.to }
  }

  #invoke(callee: Party, request: number, now: number): Part | undefined {
    const key = this.#key(callee, INVOCATION, request)
    // A further part of a progressive call belongs to the first one.
    const exchange = this.#asked.get(key)?.exchange ?? this.#invoking
    if (exchange === null) return undefined
    this.#invoking = null
    this.#asked.set(key, { exchange, time: now })
    return { exchange, other: exchange.from }
  }

  #yield(callee: Party, request: number, now: number, isProgress = false): Part | undefined {
    const key = this.#key(callee, INVOCATION, request)
    const asked = this.#asked.get(key)
    if (asked === undefined) return undefined
    if (!isProgress) this.#asked.delete(key)
    const { exchange, time } = asked
    return { exchange, took: now - time, other: exchange.from }
  }

  /** Ids of sessions are unique in their realm only: each session gets a number here. */
  #key(party: Party, type: number, request: number): string {
    let number = this.#numbers.get(party)
    if (number === undefined) {
      number = ++this.#lastNumber
      this.#numbers.set(party, number)
    }
    return `${number}.${type}.${request}`
  }
}

function partOf(exchange: Exchange | undefined): Part | undefined {
  return exchange && { exchange }
}

/** A map that forgets what was set first when it has too much. */
class Bounded<Value> {
  readonly #most: number
  readonly #values = new Map<string | number, Value>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string | number): Value | undefined {
    return this.#values.get(key)
  }

  set(key: string | number, value: Value): void {
    this.#values.set(key, value)
    if (this.#values.size <= this.#most) return
    const [oldest] = this.#values.keys()
    if (oldest !== undefined) this.#values.delete(oldest)
  }

  delete(key: string | number): void {
    this.#values.delete(key)
  }
}
