import { PayloadError, RUNTIME_ERROR, WampError } from '../protocol/errors.ts'
import { type Dict, type Opened, Payload } from '../protocol/payload.ts'
import { copyDict, copyValue } from './copy.ts'
import { Result } from './local-session.ts'

/** What in-process code sends, as a payload that it cannot change afterwards. */
export function payloadOf(args?: unknown[], kwargs?: Dict): Payload {
  // Plain JavaScript may pass anything, and receivers would take it for a broken message.
  if (args !== undefined && !Array.isArray(args)) throw new PayloadError('args is no list')
  return Payload.of(
    args === undefined ? undefined : (copyValue(args) as unknown[]),
    kwargs === undefined ? undefined : copyDict(kwargs),
  )
}

/** What a handler of calls gives, as the payload of its answer. */
export function payloadOfResult(value: unknown): Payload {
  if (value instanceof Result) return payloadOf(value.args, withoutEmpty(value.kwargs))
  return value === undefined ? payloadOf() : payloadOf([value])
}

/** A payload as what a call comes to: one value, or a Result of several. */
export function outcomeOf({ args = [], kwargs = {} }: Opened): unknown {
  if (args.length > 1 || Object.keys(kwargs).length > 0) return new Result(args, kwargs)
  return args[0]
}

export function errorOf(uri: string, { args = [], kwargs = {} }: Opened): WampError {
  return new WampError(uri, args, kwargs)
}

/** What a handler throws, as an error that can be sent: the caller must get an answer. */
export function sendable(error: unknown): { uri: string; payload: Payload } {
  const { uri, args, kwargs } =
    error instanceof WampError ? error : { uri: RUNTIME_ERROR, args: [textOf(error)], kwargs: {} }
  try {
    return { uri, payload: payloadOf(args, withoutEmpty(kwargs)) }
  } catch (problem) {
    return { uri, payload: Payload.of([textOf(problem)]) }
  }
}

function withoutEmpty(kwargs: Dict): Dict | undefined {
  return Object.keys(kwargs).length === 0 ? undefined : kwargs
}

/** Anything may be thrown. */
function textOf(error: unknown): string {
  if (error instanceof Error) return error.message
  return typeof error === 'object' ? 'an object was thrown' : String(error)
}
