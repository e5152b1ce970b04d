import { CALL, ERROR, type ErrorMessage, INTERRUPT, NO_DETAILS } from '../protocol/messages.ts'
import { type Dict, NO_PAYLOAD, Payload } from '../protocol/payload.ts'
import type { Call } from './call.ts'

/** The ERROR that ends a call with a payload of its callee's. */
export function callError(
  { request }: Call,
  error: string,
  payload: Payload,
  details: Dict = NO_DETAILS,
): ErrorMessage {
  return { type: ERROR, requestType: CALL, request, details, error, payload }
}

/** The ERROR that ends a call from the router's side. The text goes where clients show it. */
export function refusal(call: Call, error: string, text?: string): ErrorMessage {
  return callError(call, error, text === undefined ? NO_PAYLOAD : Payload.of([text]))
}

/** Tells a callee to stop. */
export function interrupt(call: Call, mode: string): void {
  const peer = call.endpoint?.callee.peer
  peer?.send({ type: INTERRUPT, request: call.invocation, options: { mode } })
}
