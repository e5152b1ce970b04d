import { WampError } from '../protocol/errors.ts'
import {
  ERROR,
  INVOCATION,
  type Interrupt,
  type Invocation,
  type Message,
  NO_DETAILS,
  YIELD,
} from '../protocol/messages.ts'
import { type Dict, Payload } from '../protocol/payload.ts'
import type { Wire } from './wire.ts'

/** A call that has come. */
export interface Invoked {
  readonly procedure: string
  readonly args: unknown[]
  readonly kwargs: Dict
  readonly details: Dict
  /** Aborted when the caller wants no answer any more, or the session is over. */
  readonly signal: AbortSignal
}

/**
 * Answers a call: with values, or by throwing: a WampError reaches the caller as it is, any other error as
 * `wamp.error.runtime_error` with its message.
 */
export type CallHandler = (call: Invoked) => Promise<{ args?: unknown[]; kwargs?: Dict }>

interface Served {
  readonly procedure: string
  readonly handle: CallHandler
  revoke(reason: string): void
}

/** The procedures of a session, and the calls of them that are under way. */
export class Invocations {
  readonly #wire: Wire
  readonly #served = new Map<number, Served>()
  readonly #running = new Map<number, AbortController>()

  constructor(wire: Wire) {
    this.#wire = wire
  }

  serve(registration: number, served: Served): void {
    this.#served.set(registration, served)
  }

  forget(registration: number): void {
    this.#served.delete(registration)
  }

  revoke(registration: unknown, reason: string): void {
    this.#served.get(Number(registration))?.revoke(reason)
    this.#served.delete(Number(registration))
  }

  begin({ request, registration, details, payload }: Invocation): void {
    const served = this.#served.get(registration)
    if (served === undefined) {
      this.#fail(request, new WampError('wamp.error.no_such_registration'))
      return
    }
    const controller = new AbortController()
    this.#running.set(request, controller)
    const { args = [], kwargs = {} } = payload.open()
    // Of a pattern, details tell what was called.
    const procedure = typeof details.procedure === 'string' ? details.procedure : served.procedure
    const { signal } = controller
    void this.#answer(request, served.handle({ procedure, args, kwargs, details, signal }))
  }

  interrupt({ request }: Interrupt): void {
    this.#running.get(request)?.abort(new WampError('wamp.error.canceled'))
  }

  /** The session is over: nobody waits for an answer. */
  abandon(): void {
    for (const controller of this.#running.values())
      controller.abort(new Error('the session is over'))
    this.#running.clear()
  }

  async #answer(request: number, outcome: ReturnType<CallHandler>): Promise<void> {
    try {
      const { args = [], kwargs } = await outcome
      if (!this.#running.has(request)) return
      const payload =
        args.length === 0 && kwargs === undefined ? Payload.of() : Payload.of(args, kwargs)
      this.#wire.send({ type: YIELD, request, options: NO_DETAILS, payload })
    } catch (error) {
      if (this.#running.has(request)) this.#fail(request, error)
    }
    this.#running.delete(request)
  }

  #fail(request: number, error: unknown): void {
    const { uri, args, kwargs } = errorOf(error)
    const payload = Payload.of(args, Object.keys(kwargs).length === 0 ? undefined : kwargs)
    const answer: Message = {
      ...{ type: ERROR, requestType: INVOCATION, request, details: NO_DETAILS },
      ...{ error: uri, payload },
    }
    // The connection may have gone meanwhile.
    if (this.#wire.failure === undefined) this.#wire.send(answer)
  }
}

/** What cannot be sent has a URI of its own. */
function errorOf(error: unknown): Pick<WampError, 'uri' | 'args' | 'kwargs'> {
  if (error instanceof WampError) return error
  const { uri = 'wamp.error.runtime_error', message } = error as Error & { uri?: string }
  return { uri, args: [message], kwargs: {} }
}
