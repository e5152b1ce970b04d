import type { Dict } from './payload.ts'

/**
 * W3C Trace Context as WAMP messages carry it: in options of CALL and PUBLISH, and in details of
 * INVOCATION and EVENT. The names are those that WAMP leaves to applications (WAMP, "Extensibility").
 */
export interface TraceContext {
  readonly _traceparent: string
  readonly _tracestate?: string
}

/** `traceparent`: version, trace, parent and flags; neither id may be 0 (W3C Trace Context, 3.2). */
const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/

/** `tracestate`: pairs with commas between them (W3C Trace Context, 3.3). */
const TRACESTATE =
  /^[ \t]*[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,256}(?:,[ \t]*[a-z0-9][a-z0-9_\-*/@]{0,255}=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,256}){0,31}$/
const MAX_TRACESTATE = 512

/** What options carry of a trace; null where that is nothing, or nothing sound. */
export function traceContextOf({ _traceparent, _tracestate }: Dict): TraceContext | null {
  return traceContext(_traceparent, _tracestate)
}

/** The same of the two texts, as HTTP has them in headers. */
export function traceContext(parent: unknown, state: unknown): TraceContext | null {
  if (typeof parent !== 'string' || !TRACEPARENT.test(parent)) return null
  const isSound =
    typeof state === 'string' && state.length <= MAX_TRACESTATE && TRACESTATE.test(state)
  return isSound ? { _traceparent: parent, _tracestate: state } : { _traceparent: parent }
}
