import type { Clock, Timer } from '../../base/clock.ts'
import type { Counters } from '../../base/counters.ts'
import type { Log } from '../../base/log.ts'
import { ERROR, type EventMessage, SUBSCRIBE, SUBSCRIBED } from '../../protocol/messages.ts'
import { traceContextOf } from '../../protocol/trace-context.ts'
import type { Connection, Receiver } from '../../transport/transport.ts'
import { textOf } from './events.ts'
import { Problem } from './problem.ts'
import { HttpSession } from './session.ts'
import { Webhook, type WebhookTerms } from './webhook.ts'

export interface WebhookConfig extends WebhookTerms {
  readonly topic: string
  readonly match: string
}

export interface WebhooksHouse {
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
  /** Sessions may be opened: the router is not going down. */
  isOpen(): boolean
  open(connection: Connection): Receiver
}

/** How long until a session is tried again, each time twice as long. Milliseconds. */
const AGAIN = 2000
const MAX_AGAIN = 60_000

/** The session that hears the topics of some webhooks, and comes again where it ends. */
export class Webhooks {
  readonly #house: WebhooksHouse
  readonly #realm: string
  readonly #hooks: readonly { readonly config: WebhookConfig; readonly webhook: Webhook }[]
  #bySubscription = new Map<number, { readonly topic: string; readonly webhooks: Webhook[] }>()
  #session: HttpSession | null = null
  #timer: Timer | null
  #again = AGAIN
  #isClosed = false

  constructor(house: WebhooksHouse, realm: string, configs: readonly WebhookConfig[]) {
    this.#house = house
    this.#realm = realm
    this.#hooks = configs.map(config => ({ config, webhook: new Webhook(house, config) }))
    // Not at once: the realms may not be there yet.
    this.#timer = house.clock.after(0, () => this.#join())
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#session?.leave()
    for (const { webhook } of this.#hooks) webhook.close()
  }

  #join(): void {
    if (this.#isClosed) return
    const { open, log } = this.#house
    const way = { remote: '127.0.0.1', secure: false, certificate: null, protocol: 'webhook', open }
    const fate = {
      ended: (problem: Problem) => this.#ended(problem),
      failed: (err: unknown) => log.error({ err }, 'internal error'),
    }
    const sink = { buffered: 0, flush() {}, event: (event: EventMessage) => this.#hear(event) }
    this.#bySubscription = new Map()
    const session = new HttpSession(way, fate, sink)
    this.#session = session
    this.#subscribe(session).catch(error => {
      if (!(error instanceof Problem)) fate.failed(error)
    })
  }

  async #subscribe(session: HttpSession): Promise<void> {
    const anybody = { authmethods: ['anonymous'] }
    await session.join(this.#realm, anybody, () => ({ signature: '' }))
    this.#again = AGAIN
    for (const { config, webhook } of this.#hooks) {
      const { topic, match } = config
      const options = { match }
      const told = await session.ask(request => ({ type: SUBSCRIBE, request, options, topic }))
      if (told.type === SUBSCRIBED) {
        const found = this.#bySubscription.get(told.subscription)
        if (found === undefined) {
          this.#bySubscription.set(told.subscription, { topic, webhooks: [webhook] })
        } else found.webhooks.push(webhook)
      } else if (told.type === ERROR) {
        this.#house.log.error({ topic, error: told.error }, 'webhook cannot subscribe')
      }
    }
  }

  #hear(event: EventMessage): void {
    const found = this.#bySubscription.get(event.subscription)
    if (found === undefined) return
    const text = textOf(event, found.topic)
    const trace = traceContextOf(event.details)
    for (const webhook of found.webhooks) webhook.push(String(event.publication), text, trace)
  }

  #ended({ uri, message }: Problem): void {
    if (this.#isClosed) return
    if (!this.#house.isOpen()) return
    this.#house.log.warn({ reason: uri, text: message }, 'webhooks have no session')
    this.#timer = this.#house.clock.after(this.#again, () => this.#join())
    this.#again = Math.min(2 * this.#again, MAX_AGAIN)
  }
}
