import { INVALID_ARGUMENT } from '../../protocol/errors.ts'
import {
  CALL,
  ERROR,
  type EventMessage,
  RESULT,
  SUBSCRIBE,
  SUBSCRIBED,
} from '../../protocol/messages.ts'
import { type Dict, type Opened, Payload } from '../../protocol/payload.ts'
import { jsonOf } from '../content.ts'
import type { Job } from './bridge.ts'
import { Problem } from './problem.ts'
import type { HttpSession } from './session.ts'
import { SSE, Stream } from './stream.ts'

/** Topics of one stream. */
const MAX_TOPICS = 64
/** When a reader comes back whose stream has ended: milliseconds. */
const RETRY = 1000

/** Answers with the events of some topics, until the client goes. Rejects with a Problem. */
export async function subscribe(job: Job): Promise<void> {
  const { response, accept, clock, terms } = job
  const topics = topicsOf(job)
  if (!accept.takes(SSE.type)) {
    throw new Problem(INVALID_ARGUMENT, `Accept does not let ${SSE.type} come`, 406)
  }
  const last = lastOf(job.request.headers['last-event-id'], topics.length)
  const stream = new Stream(response, SSE, clock, terms.heartbeat)
  try {
    const session = await job.session(stream, problem => stream.end(problem.message))
    stream.follow(session)
    const { topic: _, ...options } = job.given
    const events = new Events(stream, topics)
    // Retained events come in the same turn as SUBSCRIBED, so all that comes early is held.
    stream.onEvent = event => events.hear(event)
    const subscribing = topics.map(async (topic, i) => {
      const told = await session.ask(request => ({ type: SUBSCRIBE, request, options, topic }))
      if (told.type === ERROR) throw Problem.of(told)
      if (told.type === SUBSCRIBED) events.subscribed(i, told.subscription)
    })
    await Promise.all(subscribing)
    stream.begin()
    response.write(`retry: ${RETRY}\n\n`)
    if (last !== undefined) await events.resume(session, last)
    events.open()
  } catch (error) {
    stream.forget()
    throw error
  }
}

function topicsOf({ uri, given, route }: Job): string[] {
  const further = (given.topic ?? []) as string[]
  const topics = [...new Set(route.path.includes('{') ? [uri, ...further] : further)]
  if (topics.length === 0) throw new Problem(INVALID_ARGUMENT, 'no topic is named')
  if (topics.length > MAX_TOPICS) {
    throw new Problem(INVALID_ARGUMENT, `over ${MAX_TOPICS} topics`)
  }
  return topics
}

/** The publication that the client has heard last, for each topic; 0: none. */
function lastOf(header: string | string[] | undefined, count: number): number[] | undefined {
  if (header === undefined || header === '') return undefined
  const ids = String(header).split(',')
  const isSound = ids.every(id => /^\d{1,16}$/.test(id) && Number.isSafeInteger(Number(id)))
  if (!isSound || ids.length !== count) {
    throw new Problem(INVALID_ARGUMENT, 'Last-Event-ID is of no stream of these topics')
  }
  return ids.map(Number)
}

/** What a stream says of its subscriptions. */
class Events {
  readonly #stream: Stream
  readonly #topics: readonly string[]
  /** Where each subscription stands among the topics. */
  readonly #places = new Map<number, number>()
  /** The last publication of each topic. */
  readonly #last: number[]
  /** Those that came while older ones were read; null when all goes straight on. */
  #held: EventMessage[] | null = []
  readonly #replayed = new Set<number>()

  constructor(stream: Stream, topics: readonly string[]) {
    this.#stream = stream
    this.#topics = topics
    this.#last = topics.map(() => 0)
  }

  subscribed(place: number, subscription: number): void {
    this.#places.set(subscription, place)
  }

  hear(event: EventMessage): void {
    if (this.#held === null) this.#say(event)
    else {
      this.#held.push(event)
      this.#stream.hold(costOf(event))
    }
  }

  /** Goes on with what comes, beginning with what has come meanwhile. */
  open(): void {
    const held = this.#held ?? []
    this.#held = null
    for (const event of held) {
      this.#stream.hold(-costOf(event))
      if (!this.#replayed.has(event.publication)) this.#say(event)
    }
    this.#replayed.clear()
    this.#stream.flush()
  }

  /** Says what was published since the client's last event, as far as the histories know. */
  async resume(session: HttpSession, last: readonly number[]): Promise<void> {
    for (const [i, publication] of last.entries()) this.#last[i] = publication
    for (const [subscription, place] of this.#places) {
      const from = last[place] as number
      if (from > 0) await this.#replay(session, subscription, place, from)
    }
  }

  async #replay(
    session: HttpSession,
    subscription: number,
    place: number,
    from: number,
  ): Promise<void> {
    const topic = this.#topics[place] as string
    let after = from
    let isMore = true
    while (isMore) {
      const payload = Payload.of([subscription], { after_publication: after })
      const told = await session.ask(request => ({
        type: CALL,
        request,
        options: {},
        procedure: 'wamp.subscription.get_events',
        payload,
      }))
      const { args = [], kwargs = {} } = told.type === RESULT ? told.payload.open() : {}
      // No history, no permission, or no longer all that there was.
      if (kwargs.complete !== true) {
        this.#stream.send(jsonOf({ topic, complete: false }), 'gap')
      }
      for (const event of args as StoredEvent[]) {
        const { publication, details = {} } = event
        after = publication
        this.#replayed.add(publication)
        const text = jsonOf({ topic, ...details, ...given(event) })
        this.#stream.send(text, undefined, this.#idAt(place, publication))
      }
      this.#stream.flush()
      await this.#stream.drained()
      isMore = kwargs.more === true && args.length > 0
    }
  }

  #say(event: EventMessage): void {
    const place = this.#places.get(event.subscription)
    if (place === undefined) return
    const text = textOf(event, this.#topics[place] as string)
    this.#stream.send(text, undefined, this.#idAt(place, event.publication))
  }

  #idAt(place: number, publication: number): string {
    this.#last[place] = publication
    return this.#last.join(',')
  }
}

/** An event as `wamp.subscription.get_events` tells of it. */
interface StoredEvent extends Opened {
  readonly publication: number
  readonly details?: Dict
}

/** The texts of events: the readers of a fan-out all get the same. */
const texts = new WeakMap<EventMessage, { readonly topic: string; readonly text: string }>()

/** An event as JSON: `topic`, what else its details say, `args` and `kwargs` that are not empty. */
export function textOf(event: EventMessage, topic: string): string {
  const known = texts.get(event)
  if (known?.topic === topic) return known.text
  const { details, payload } = event
  const text = jsonOf({ topic, ...details, ...given(payload.open()) })
  texts.set(event, { topic, text })
  return text
}

/** What there is of both. */
function given({ args = [], kwargs = {} }: Opened): Dict {
  return {
    ...(args.length > 0 && { args }),
    ...(Object.keys(kwargs).length > 0 && { kwargs }),
  }
}

/** Bytes that an event takes, roughly. */
function costOf({ payload }: EventMessage): number {
  return payload.size + 200
}
