import type { Log } from '../base/log.ts'
import { CANCELED, WampError } from '../protocol/errors.ts'
import {
  ERROR,
  INVOCATION,
  type Invocation,
  NO_DETAILS,
  REGISTER,
  UNREGISTER,
  type Unregistered,
  YIELD,
} from '../protocol/messages.ts'
import type { Dict, Payload } from '../protocol/payload.ts'
import { copyDict } from './copy.ts'
import type { CallHandler, Registered, RegisterOptions } from './local-session.ts'
import type { Requests } from './requests.ts'
import { payloadOfResult, sendable } from './values.ts'

/** A handler, under the registration that it serves. */
interface Served {
  readonly procedure: string
  readonly handler: CallHandler
  readonly revoke: (reason: string | undefined) => void
}

const PROGRESS: Dict = Object.freeze({ progress: true })

/** The half of an in-process session that answers calls. */
export class LocalCallee {
  readonly #requests: Requests
  readonly #log: Log
  readonly #served = new Map<number, Served>()
  readonly #running = new Map<number, AbortController>()
  #open = true

  constructor(requests: Requests, log: Log) {
    this.#requests = requests
    this.#log = log
  }

  async register(
    procedure: string,
    handler: CallHandler,
    options: RegisterOptions,
  ): Promise<Registered> {
    let id = 0
    let revoke: Served['revoke'] = () => {}
    const revoked = new Promise<string | undefined>(resolve => {
      revoke = resolve
    })
    await this.#requests.request(
      request => ({ type: REGISTER, request, options: copyDict({ ...options }), procedure }),
      answer => {
        id = (answer as { registration: number }).registration
        this.#served.set(id, { procedure, handler, revoke })
      },
    )
    return {
      id,
      revoked,
      end: async () => {
        if (!this.#served.delete(id) || !this.#open) return
        await this.#requests.request(request => ({ type: UNREGISTER, request, registration: id }))
      },
    }
  }

  invoke(message: Invocation): void {
    const { request } = message
    const controller = new AbortController()
    this.#running.set(request, controller)
    this.#serve(message, controller.signal)
      .then(
        payload => this.#requests.post({ type: YIELD, request, options: NO_DETAILS, payload }),
        error => this.#fail(request, error),
      )
      .catch(error => this.#log.error({ err: error }, 'answering a call failed'))
      .finally(() => this.#running.delete(request))
  }

  interrupt(request: number): void {
    this.#running.get(request)?.abort()
  }

  /** The router took a registration away. */
  revoked({ details }: Unregistered): void {
    const { registration, reason } = details as { registration: number; reason?: string }
    this.#served.get(registration)?.revoke(reason)
    this.#served.delete(registration)
  }

  close(): void {
    this.#open = false
    for (const controller of this.#running.values()) controller.abort()
    this.#running.clear()
  }

  async #serve(message: Invocation, signal: AbortSignal): Promise<Payload> {
    const served = this.#served.get(message.registration)
    if (served === undefined)
      throw new WampError(CANCELED, ['the procedure has just been unregistered'])
    const { args = [], kwargs = {} } = message.payload.open()
    const details = { procedure: served.procedure, ...message.details, signal }
    const value = await served.handler(args, kwargs, details)
    if (!isGenerator(value)) return payloadOfResult(value)
    return payloadOfResult(await this.#drain(value, message, signal))
  }

  /** Sends what a generator yields as progress, if the caller wants it, and gives its result. */
  async #drain(
    generator: AsyncGenerator<unknown>,
    { request, details }: Invocation,
    signal: AbortSignal,
  ): Promise<unknown> {
    for (;;) {
      const { value, done } = await generator.next()
      if (done) return value
      if (signal.aborted) {
        await generator.return(undefined)
        throw new WampError(CANCELED)
      }
      if (details.receive_progress === true) {
        const payload = payloadOfResult(value)
        this.#requests.post({ type: YIELD, request, options: PROGRESS, payload })
      }
      // A generator that never waits would let nobody else have a turn, INTERRUPT included.
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  #fail(request: number, error: unknown): void {
    const { uri, payload } = sendable(error)
    this.#requests.post({
      type: ERROR,
      requestType: INVOCATION,
      request,
      details: NO_DETAILS,
      error: uri,
      payload,
    })
  }
}

function isGenerator(value: unknown): value is AsyncGenerator<unknown> {
  if (typeof value !== 'object' || value === null) return false
  return Symbol.asyncIterator in value && 'next' in value && 'return' in value
}
