import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Counters } from '../base/counters.ts'
import type { Log } from '../base/log.ts'
import type { Watch } from '../traffic/watch.ts'
import { version } from '../version.ts'
import { Spans } from './spans.ts'

/** `tracing` of a configuration. */
export interface TracingTerms {
  readonly otlp: {
    readonly endpoint: string
    readonly headers: Readonly<Record<string, string>>
    /** Milliseconds. */
    readonly timeout: number
  }
  readonly sample_ratio: number
  readonly service_name: string
  /** Spans that may wait. */
  readonly queue: number
  /** How often what waits is sent. Milliseconds. */
  readonly interval: number
}

interface House {
  readonly log: Log
  readonly counters: Counters
}

export interface Telemetry {
  readonly watch: Watch
  /** Sends what waits; resolves when that has been tried. */
  close(): Promise<void>
}

/** Spans to send at a time. */
const BATCH = 512

/** Makes spans, and sends them to a collector (OTLP over HTTP, in JSON). */
export function startTelemetry(terms: TracingTerms, house: House): Telemetry {
  const { endpoint, headers, timeout } = terms.otlp
  const url = `${endpoint.replace(/\/$/, '')}/v1/traces`
  return telemetryTo(new OTLPTraceExporter({ url, headers, timeoutMillis: timeout }), terms, house)
}

/** The same, to any exporter. */
export function telemetryTo(
  exporter: SpanExporter,
  { sample_ratio, service_name, queue, interval }: Omit<TracingTerms, 'otlp'>,
  house: House,
): Telemetry {
  const bounded = new Bounded(exporter, queue, interval, house)
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': service_name, 'service.version': version }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(sample_ratio) }),
    spanProcessors: [bounded],
  })
  return {
    watch: new Spans(provider.getTracer('wampd', version)),
    close: () => provider.shutdown().catch(error => bounded.failed(0, error)),
  }
}

/** Lets so many spans wait and no more, and tells of those that are lost, which nobody waits for. */
class Bounded implements SpanProcessor, SpanExporter {
  readonly #exporter: SpanExporter
  readonly #batches: BatchSpanProcessor
  readonly #most: number
  readonly #house: House
  #waiting = 0
  #isFailing = false

  constructor(exporter: SpanExporter, most: number, interval: number, house: House) {
    this.#exporter = exporter
    this.#most = most
    this.#house = house
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (...batch) => this.export(...batch),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: most,
      maxExportBatchSize: Math.min(BATCH, most),
      scheduledDelayMillis: interval,
    })
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#waiting >= this.#most) {
      this.failed(1, new Error(`${this.#most} spans wait to be sent`))
      return
    }
    this.#waiting++
    this.#batches.onEnd(span)
  }

  export(spans: ReadableSpan[], done: Parameters<SpanExporter['export']>[1]): void {
    this.#exporter.export(spans, result => {
      this.#waiting -= spans.length
      // ExportResultCode.SUCCESS
      if (result.code === 0) this.#worked()
      else this.failed(spans.length, result.error)
      done(result)
    })
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush()
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown()
  }

  /** Spans are lost. It is said once, until some come through again. */
  failed(spans: number, error: Error | undefined): void {
    const { log, counters } = this.#house
    if (spans > 0) counters.count('spans_lost', spans)
    if (this.#isFailing) return
    this.#isFailing = true
    log.warn({ reason: error?.message }, 'tracing: spans are lost')
  }

  #worked(): void {
    if (!this.#isFailing) return
    this.#isFailing = false
    this.#house.log.info({}, 'tracing: spans are taken again')
  }
}
