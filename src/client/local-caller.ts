import { CALL, CANCEL, NO_DETAILS, type Result } from '../protocol/messages.ts'
import type { Dict, Payload } from '../protocol/payload.ts'
import { copyDict } from './copy.ts'
import type { CallOptions, ProgressiveCall } from './local-session.ts'
import { Progress } from './progress.ts'
import type { Requests } from './requests.ts'
import { outcomeOf, payloadOf } from './values.ts'

/** The half of an in-process session that calls. */
export class LocalCaller {
  readonly #requests: Requests
  /** Forgets a request; its answer will mean nothing. */
  readonly #forget: (request: number) => void
  readonly #progress = new Map<number, Progress>()

  constructor(requests: Requests, forget: (request: number) => void) {
    this.#requests = requests
    this.#forget = forget
  }

  async call<Value>(
    procedure: string,
    args: unknown[] | undefined,
    kwargs: Dict | undefined,
    { signal, ...options }: CallOptions,
    progress?: Progress,
  ): Promise<Value> {
    signal?.throwIfAborted()
    let request = 0
    let onAbort = () => {}
    const wanted = progress === undefined ? options : { ...options, receive_progress: true }
    const answered = this.#requests.request(number => {
      request = number
      if (progress !== undefined) this.#progress.set(request, progress)
      return {
        type: CALL,
        request,
        options: optionsOf(wanted),
        procedure,
        payload: payloadOf(args, kwargs),
      }
    })
    const aborted = new Promise<never>((_, reject) => {
      onAbort = () => {
        this.#forget(request)
        this.#requests.post({ type: CANCEL, request, options: { mode: 'killnowait' } })
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    try {
      const answer = (await Promise.race([answered, aborted])) as { payload: Payload }
      return outcomeOf(answer.payload.open()) as Value
    } finally {
      this.#progress.delete(request)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  callProgressively<Value>(
    procedure: string,
    args: unknown[] | undefined,
    kwargs: Dict | undefined,
    { signal, ...options }: CallOptions,
  ): ProgressiveCall<Value> {
    const progress = new Progress()
    const both = signal === undefined ? progress.signal : AbortSignal.any([signal, progress.signal])
    const result = this.call<Value>(procedure, args, kwargs, { ...options, signal: both }, progress)
    result.then(
      () => progress.end(),
      error => progress.fail(error),
    )
    return { result, [Symbol.asyncIterator]: () => progress }
  }

  /** True of a RESULT that is not the last of its call. */
  takesProgress(message: Result): boolean {
    if (message.details.progress !== true) return false
    this.#progress.get(message.request)?.add(outcomeOf(message.payload.open()))
    return true
  }
}

function optionsOf(options: Dict): Dict {
  const given = copyDict(options)
  return Object.keys(given).length === 0 ? NO_DETAILS : given
}
