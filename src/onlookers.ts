import { systemClock } from './base/clock.ts'
import type { Counters } from './base/counters.ts'
import type { Log } from './base/log.ts'
import type { Config, TraceConfig } from './config/schema.ts'
import type { Realms } from './realms.ts'
import type { Telemetry } from './telemetry/export.ts'
import type { Traces } from './trace/traces.ts'
import type { Traffic } from './traffic/traffic.ts'
import { ListenError } from './transport/transport.ts'

/** How long the last spans may take. Milliseconds. */
const FLUSH = 3000

/** Those who look at what passes in a router. What they need is loaded when it is asked for. */
export class Onlookers {
  readonly #log: Log
  readonly #traffic: Traffic
  readonly #realms: Realms
  #traces: Traces | null = null
  #telemetry: Telemetry | null = null
  #isClosed = false
  /** Resolves when all that the configuration wants is there. Rejects with a ListenError. */
  readonly ready: Promise<void>

  constructor(
    surroundings: { log: Log; counters: Counters },
    traffic: Traffic,
    realms: Realms,
    { tracing }: Config,
  ) {
    this.#log = surroundings.log
    this.#traffic = traffic
    this.#realms = realms
    this.ready =
      tracing === undefined ? Promise.resolve() : this.#startTelemetry(tracing, surroundings)
    // Who never waits for it finds it in the log.
    this.ready.catch(error => this.#log.error({}, error.message))
  }

  async #startTelemetry(
    tracing: NonNullable<Config['tracing']>,
    surroundings: { log: Log; counters: Counters },
  ): Promise<void> {
    const { startTelemetry } = await loadTelemetry()
    if (this.#isClosed) return
    this.#telemetry = startTelemetry(tracing, surroundings)
    this.#traffic.addWatch(this.#telemetry.watch)
  }

  /** The traces, by the rules of a configuration. */
  async traces(config: Config): Promise<Traces> {
    const { Traces } = await import('./trace/traces.ts')
    const parts = {
      clock: systemClock,
      log: this.#log,
      traffic: this.#traffic,
      uris: {
        subscription: (realm: string, id: number) =>
          this.#realms.find(realm)?.subscriptions.get(id)?.uri,
        registration: (realm: string, id: number) =>
          this.#realms.find(realm)?.registrations.byId.get(id)?.uri,
      },
    }
    this.#traces ??= new Traces(parts, traceRulesOf(config))
    return this.#traces
  }

  /** Takes up another configuration. */
  change(config: Config): void {
    this.#traces?.change(traceRulesOf(config))
  }

  /** The router goes down: who traces is told. */
  endTraces(): void {
    this.#traces?.close()
  }

  /** The router has gone down. Resolves when spans are sent, or that takes too long. */
  async close(): Promise<void> {
    this.#isClosed = true
    if (this.#telemetry === null) return
    const late = new Promise<void>(resolve => systemClock.after(FLUSH, resolve))
    await Promise.race([this.#telemetry.close(), late])
  }
}

/** What traces may show: never what the procedures of dynamic authenticators are told, or tell. */
function traceRulesOf({ trace, authenticators }: Config): TraceConfig {
  const asked = Object.values(authenticators).flatMap(({ dynamic }) => dynamic ?? [])
  const hidden = asked.map(({ procedure: uri, realm }) => {
    return { uri, match: 'exact', realm } as const
  })
  return { ...trace, redact: [...trace.redact, ...hidden] }
}

/** The packages of OpenTelemetry are there only for those who want them. */
async function loadTelemetry(): Promise<typeof import('./telemetry/export.ts')> {
  try {
    return await import('./telemetry/export.ts')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new ListenError(`tracing needs packages: npm install ${PACKAGES.join(' ')}`)
  }
}

/** The versions that run on all versions of Node that wampd does. */
const PACKAGES = ['api@1.9', 'sdk-trace@2', 'resources@2', 'exporter-trace-otlp-http@0.223'].map(
  name => `@opentelemetry/${name}`,
)
