import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import {
  ERROR,
  type ErrorMessage,
  NO_DETAILS,
  type Publish,
  type Result,
} from '../protocol/messages.ts'
import type { Dict } from '../protocol/payload.ts'
import { traceContextOf } from '../protocol/trace-context.ts'
import type { Party, Watch, WatchedCall } from '../traffic/watch.ts'

/** Characters of an error URI that a span keeps. */
const MAX_ERROR = 1024

/** The spans of a call that is not over. */
interface Open {
  readonly span: Span
  readonly context: Context
  /** Milliseconds. */
  readonly since: number
  /** Of the INVOCATION that was sent last. */
  invocation: Span | null
}

/**
 * Makes spans of calls and publications, as the semantic conventions of OpenTelemetry name their
 * attributes; ids of sessions are texts, as not all backends take numbers so large. Payloads are in none. What goes to a client has the router's span as its parent.
 */
export class Spans implements Watch {
  readonly #tracer: Tracer
  readonly #open = new WeakMap<WatchedCall, Open>()

  constructor(tracer: Tracer) {
    this.#tracer = tracer
  }

  called(realm: string, call: WatchedCall, options: Dict): void {
    const { procedure } = call
    const { id, authrole } = call.caller.peer
    const attributes = {
      'rpc.system': 'wamp',
      'rpc.method': procedure,
      'wamp.realm': realm,
      'wamp.session': String(id),
      'wamp.authrole': authrole,
    }
    const context = parentIn(options)
    const kind = SpanKind.SERVER
    const span = this.#tracer.startSpan(`CALL ${procedure}`, { kind, attributes }, context)
    const since = performance.now()
    this.#open.set(call, { span, context: trace.setSpan(context, span), since, invocation: null })
  }

  invoking(call: WatchedCall, callee: Party, details: Dict): Dict {
    const open = this.#open.get(call)
    if (open === undefined) return details
    // A callee before this one could not take it.
    open.invocation?.end()
    const { procedure } = call
    const attributes = {
      'rpc.system': 'wamp',
      'rpc.method': procedure,
      'wamp.callee.session': String(callee.id),
      'wamp.callee.authrole': callee.authrole,
      'wamp.waited_ms': performance.now() - open.since,
    }
    const kind = SpanKind.CLIENT
    const name = `INVOCATION ${procedure}`
    open.invocation = this.#tracer.startSpan(name, { kind, attributes }, open.context)
    return withParent(details, open.invocation)
  }

  ended(call: WatchedCall, answer: Result | ErrorMessage | null): void {
    const open = this.#open.get(call)
    if (open === undefined) return
    this.#open.delete(call)
    for (const span of [open.invocation, open.span]) {
      if (span === null) continue
      if (answer === null) span.setAttribute('wamp.caller_gone', true)
      else if (answer.type === ERROR) {
        // A callee's may be as long as a message.
        const error = answer.error.slice(0, MAX_ERROR)
        span.setAttribute('error.type', error)
        span.setStatus({ code: SpanStatusCode.ERROR, message: error })
      }
      span.end()
    }
  }

  published(
    realm: string,
    publisher: Party,
    { topic, options }: Publish,
    publication: number,
    receivers: number,
    details: Dict,
  ): Dict {
    const attributes = {
      'messaging.system': 'wamp',
      'messaging.operation.type': 'send',
      'messaging.operation.name': 'publish',
      'messaging.destination.name': topic,
      'messaging.message.id': String(publication),
      'wamp.receivers': receivers,
      'wamp.realm': realm,
      'wamp.session': String(publisher.id),
      'wamp.authrole': publisher.authrole,
    }
    const kind = SpanKind.PRODUCER
    const name = `PUBLISH ${topic}`
    const span = this.#tracer.startSpan(name, { kind, attributes }, parentIn(options))
    // Then the events are on their way, but for those of very large fan-outs.
    queueMicrotask(() => span.end())
    return withParent(details, span)
  }
}

/** The context that a client has sent. */
function parentIn(options: Dict): Context {
  const found = traceContextOf(options)
  if (found === null) return ROOT_CONTEXT
  const [, traceId = '', spanId = '', flags = ''] = found._traceparent.split('-')
  const parent: SpanContext = {
    ...{ traceId, spanId, isRemote: true },
    // Of the flags only the first is known to this version of the recommendation.
    traceFlags: Number.parseInt(flags, 16) & 1,
    ...(found._tracestate && { traceState: createTraceState(found._tracestate) }),
  }
  return trace.setSpanContext(ROOT_CONTEXT, parent)
}

/** Details that have a span as the parent of what follows. */
function withParent(details: Dict, span: Span): Dict {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const _traceparent = `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`
  const _tracestate = traceState?.serialize() ?? ''
  if (_tracestate !== '') return { ...details, _traceparent, _tracestate }
  return details === NO_DETAILS ? { _traceparent } : { ...details, _traceparent }
}
