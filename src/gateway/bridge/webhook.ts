import { createHmac } from 'node:crypto'
import { Agent, request as httpRequest } from 'node:http'
import { request as httpsRequest, Agent as TlsAgent } from 'node:https'
import type { Clock, Timer } from '../../base/clock.ts'
import type { Counters } from '../../base/counters.ts'
import type { Log } from '../../base/log.ts'
import type { TraceContext } from '../../protocol/trace-context.ts'

export interface WebhookTerms {
  readonly url: string
  /** `whsec_` and the key in base64. */
  readonly secret: string
  /** How long the other side may take to answer: milliseconds. */
  readonly timeout: number
  /** How often what it does not take is sent again. */
  readonly retries: number
  /** What may wait to be sent. */
  readonly queue: number
}

interface WebhookHouse {
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
}

interface Post {
  readonly id: string
  readonly body: string
  /** The trace that it belongs to. */
  readonly trace: TraceContext | null
}

/** The first wait before a post is sent again, and the longest. Milliseconds. */
const FIRST_WAIT = 1000
const MAX_WAIT = 60_000
/** Characters that may wait, however many posts they are. */
const MAX_SIZE = 16 << 20

/**
 * Posts texts to a URL, in order and one at a time, signed as Standard Webhooks 1.0 has it. What the
 * other side does not take is sent again for a while, and then given up, which is counted and logged.
 */
export class Webhook {
  readonly #house: WebhookHouse
  readonly #terms: WebhookTerms
  readonly #key: Buffer
  readonly #agent: Agent
  readonly #queue: Post[] = []
  #size = 0
  #tries = 0
  #isSending = false
  #timer: Timer | null = null
  #isClosed = false

  constructor(house: WebhookHouse, terms: WebhookTerms) {
    this.#house = house
    this.#terms = terms
    this.#key = Buffer.from(terms.secret.replace(/^whsec_/, ''), 'base64')
    const keepAlive = { keepAlive: true, maxSockets: 1 }
    this.#agent = terms.url.startsWith('https:') ? new TlsAgent(keepAlive) : new Agent(keepAlive)
  }

  push(id: string, body: string, trace: TraceContext | null = null): void {
    const { queue } = this.#terms
    if (this.#queue.length >= queue || this.#size + body.length > MAX_SIZE) {
      this.#giveUp(1, 'too many wait')
      return
    }
    this.#queue.push({ id, body, trace })
    this.#size += body.length
    if (!this.#isSending) this.#send()
  }

  /** What waits is given up. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#agent.destroy()
    if (this.#queue.length > 0) this.#giveUp(this.#queue.length, 'the webhook has ended')
    this.#queue.length = 0
  }

  #send(): void {
    const [post] = this.#queue
    if (post === undefined || this.#isClosed) return
    this.#isSending = true
    this.#tries++
    void this.#post(post).then(outcome => this.#settle(outcome))
  }

  #settle(outcome: number | string): void {
    this.#isSending = false
    if (this.#isClosed) return
    const isTaken = typeof outcome === 'number' && outcome >= 200 && outcome < 300
    const isLost = typeof outcome === 'number' && !isTaken && !isPassing(outcome)
    if (!isTaken && !isLost && this.#tries <= this.#terms.retries) {
      this.#isSending = true
      const wait = Math.min(FIRST_WAIT * 2 ** (this.#tries - 1), MAX_WAIT)
      this.#timer = this.#house.clock.after(wait, () => this.#send())
      return
    }
    this.#size -= this.#queue.shift()?.body.length ?? 0
    this.#tries = 0
    if (isTaken) this.#house.counters.count('webhooks_sent')
    else this.#giveUp(1, String(outcome))
    this.#send()
  }

  /** The status of the answer, or why there is none. */
  #post({ id, body, trace }: Post): Promise<number | string> {
    const { url, timeout } = this.#terms
    const { clock } = this.#house
    const timestamp = Math.floor(clock.now() / 1000)
    const mac = createHmac('sha256', this.#key).update(`${id}.${timestamp}.${body}`)
    const headers = {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(body),
      'User-Agent': 'wampd',
      'webhook-id': id,
      'webhook-timestamp': timestamp,
      'webhook-signature': `v1,${mac.digest('base64')}`,
      ...(trace && { traceparent: trace._traceparent }),
      ...(trace?._tracestate && { tracestate: trace._tracestate }),
    }
    const send = url.startsWith('https:') ? httpsRequest : httpRequest
    return new Promise(resolve => {
      const request = send(url, { method: 'POST', agent: this.#agent, headers })
      const timer = clock.after(timeout, () => {
        resolve(`no answer in ${timeout} ms`)
        request.destroy()
      })
      request.on('response', response => {
        response.on('error', () => {})
        // What it says is not read; it may be endless.
        response.resume()
        response.once('end', () => resolve(response.statusCode ?? 0))
        response.once('close', () => resolve('the answer was cut off'))
      })
      request.on('error', error => resolve(error.message))
      request.once('close', () => timer.cancel())
      request.end(body)
    })
  }

  #giveUp(count: number, reason: string): void {
    this.#house.counters.count('webhooks_given_up', count)
    // Paths and queries of webhooks are often secret.
    const { origin } = new URL(this.#terms.url)
    this.#house.log.warn({ webhook: origin, count, reason }, 'webhook given up')
  }
}

/** Another time it may be taken. */
function isPassing(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}
