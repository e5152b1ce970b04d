import { systemClock } from './base/clock.ts'
import type { Log } from './base/log.ts'
import type { Config, TraceConfig } from './config/schema.ts'
import type { Realms } from './realms.ts'
import type { Traces } from './trace/traces.ts'
import type { Traffic } from './traffic/traffic.ts'

/** Those who look at what passes in a router. What they need is loaded when it is asked for. */
export class Onlookers {
  readonly #log: Log
  readonly #traffic: Traffic
  readonly #realms: Realms
  #traces: Traces | null = null

  constructor(log: Log, traffic: Traffic, realms: Realms) {
    this.#log = log
    this.#traffic = traffic
    this.#realms = realms
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

  /** The router has gone down. */
  close(): void {
    this.#traces?.close()
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
