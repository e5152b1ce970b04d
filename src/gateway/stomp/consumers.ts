import { INVALID_ARGUMENT, LIMIT_EXCEEDED } from '../../protocol/errors.ts'
import { Refusal } from './refusal.ts'

export const ACK_MODES = ['auto', 'client', 'client-individual'] as const
export type AckMode = (typeof ACK_MODES)[number]

/** A subscription of STOMP. */
export interface Consumer {
  readonly number: number
  /** Undefined in STOMP 1.0, where the client gave none. */
  readonly id: string | undefined
  readonly ack: AckMode
  /** How the destination of its messages begins, and how it goes on where the event names no topic. */
  readonly prefix: string
  readonly topic: string
  readonly source: Source
  /** The messages that wait for ACK or NACK, by number, in order. */
  readonly unanswered: Set<number>
}

type Facts = Pick<Consumer, 'id' | 'ack' | 'prefix' | 'topic'>

/** What consumers get their messages of: a subscription of WAMP, or a queue of answers. */
export interface Source {
  readonly key: string
  readonly consumers: Set<Consumer>
  /** The id in WAMP; null before SUBSCRIBED, and of a queue of answers always. */
  subscription: number | null
  /** SUBSCRIBEs that are not answered: until they are, it stays. */
  asked: number
}

/**
 * Subscriptions that a client may hold, those of them that share a source, and messages that may
 * wait for ACK.
 */
const MAX_CONSUMERS = 10_000
const MAX_SHARING = 100
export const MAX_UNANSWERED = 10_000

/**
 * The subscriptions of one client. Those for the same topics share one subscription of WAMP, which
 * gives a session each event but once.
 */
export class Consumers {
  /** By the name that the client has for each. */
  readonly #named = new Map<string, Consumer>()
  readonly #numbered = new Map<number, Consumer>()
  readonly #sources = new Map<string, Source>()
  readonly #subscribed = new Map<number, Source>()
  #lastNumber = 0
  #lastMessage = 0
  #unanswered = 0

  /** Takes one in. Throws Refusal. */
  add(name: string, key: string, facts: Facts): Consumer {
    if (this.#named.has(name)) {
      throw new Refusal(INVALID_ARGUMENT, `there is a subscription of this ${name} already`)
    }
    if (this.#named.size >= MAX_CONSUMERS) {
      throw new Refusal(LIMIT_EXCEEDED, `a client may have ${MAX_CONSUMERS} subscriptions`)
    }
    const source = this.#sources.get(key) ?? newSource(key)
    if (source.consumers.size >= MAX_SHARING) {
      const text = `a client may have ${MAX_SHARING} subscriptions of the same destination`
      throw new Refusal(LIMIT_EXCEEDED, text)
    }
    this.#sources.set(key, source)
    const number = ++this.#lastNumber
    const consumer = { ...facts, number, source, unanswered: new Set<number>() }
    source.consumers.add(consumer)
    this.#named.set(name, consumer)
    this.#numbered.set(number, consumer)
    return consumer
  }

  /** Takes one out; what it held is forgotten. Its source may be to be released. Throws Refusal. */
  remove(name: string): Consumer {
    const consumer = this.#named.get(name)
    if (consumer === undefined) {
      throw new Refusal(INVALID_ARGUMENT, `there is no subscription of this ${name}`)
    }
    const { number, source, unanswered } = consumer
    this.#named.delete(name)
    this.#numbered.delete(number)
    this.#unanswered -= unanswered.size
    source.consumers.delete(consumer)
    return consumer
  }

  /** A SUBSCRIBE for a source is answered. */
  subscribed(source: Source, subscription: number): void {
    source.asked--
    source.subscription = subscription
    this.#subscribed.set(subscription, source)
  }

  /** Drops a source that nobody needs; gives the subscription to be ended, if any. */
  release({ key, consumers, asked, subscription }: Source): number | null {
    if (consumers.size > 0 || asked > 0) return null
    this.#sources.delete(key)
    if (subscription !== null) this.#subscribed.delete(subscription)
    return subscription
  }

  of(subscription: number): ReadonlySet<Consumer> {
    return this.#subscribed.get(subscription)?.consumers ?? NONE
  }

  /** Those of a queue of answers; without a SUBSCRIBE, one of the queue's own name. */
  at(queue: string): ReadonlySet<Consumer> {
    return this.#sources.get(queue)?.consumers ?? ofQueue(queue)
  }

  /** The id of a further message to the client; null: too many wait for ACK. */
  nextMessage(consumer: Consumer): string | null {
    const message = ++this.#lastMessage
    if (consumer.ack !== 'auto') {
      if (this.#unanswered >= MAX_UNANSWERED) return null
      consumer.unanswered.add(message)
      this.#unanswered++
    }
    return `${consumer.number}-${message}`
  }

  /**
   * A message is answered by ACK or NACK, in mode `client` with all before it. What is of
   * subscriptions that ended meanwhile, or that need no answer, is let pass. Throws Refusal.
   */
  answer(id: string): void {
    const [, number, message] = /^(\d{1,15})-(\d{1,15})$/.exec(id) ?? []
    const known = Number(number) <= this.#lastNumber && Number(message) <= this.#lastMessage
    const consumer = this.#numbered.get(Number(number))
    const needsNone = known && (consumer === undefined || consumer.ack === 'auto')
    if (needsNone) return
    if (consumer === undefined || !consumer.unanswered.has(Number(message))) {
      throw new Refusal(INVALID_ARGUMENT, 'no message of this id waits for ACK or NACK')
    }
    if (consumer.ack === 'client-individual') this.#answered(consumer, Number(message))
    else {
      for (const one of consumer.unanswered) {
        if (one <= Number(message)) this.#answered(consumer, one)
        else break
      }
    }
  }

  #answered(consumer: Consumer, message: number): void {
    consumer.unanswered.delete(message)
    this.#unanswered--
  }
}

function newSource(key: string): Source {
  return { key, consumers: new Set(), subscription: null, asked: 0 }
}

function ofQueue(queue: string): ReadonlySet<Consumer> {
  const source = newSource(queue)
  const facts = { id: queue, ack: 'auto', prefix: '', topic: queue } as const
  return source.consumers.add({ ...facts, number: 0, source, unanswered: new Set() })
}

const NONE: ReadonlySet<Consumer> = new Set()
