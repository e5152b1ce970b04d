import type { RequestListener, ServerResponse } from 'node:http'
import type { Metric, Registry, RegistryContentType } from 'prom-client'
import { Problem } from '../gateway/bridge/problem.ts'
import { INTERNAL_ERROR, INVALID_ARGUMENT } from '../protocol/errors.ts'
import { refuse } from './api.ts'
import { FAMILIES, type Family, type Seen, seen } from './families.ts'
import type { AdminHouse } from './operation.ts'

/** Answers GET requests with all figures: as Prometheus' text, or OpenMetrics for who asks for that. */
export function metricsHandler(house: AdminHouse): RequestListener {
  let exposition: Promise<Exposition> | undefined
  return (request, response) => {
    response.on('error', () => {})
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      refuse(response, new Problem(INVALID_ARGUMENT, 'only GET, HEAD is for here', 405))
      return
    }
    exposition ??= load(house)
    const wanted = request.headers.accept?.includes(OPEN_METRICS) ? 'openMetrics' : 'plain'
    answer(exposition, wanted, response).catch(error => {
      house.log.error({ err: error }, 'internal error')
      refuse(response, new Problem(INTERNAL_ERROR, 'the router failed; its log says why', 500))
    })
  }
}

/** The media type of OpenMetrics. */
const OPEN_METRICS = 'application/openmetrics-text'

type Texts = Registry<RegistryContentType>

/** Both forms of the figures. */
interface Exposition {
  readonly plain: Texts
  readonly openMetrics: Texts
  /** Looks at the router: what is told next is of now. */
  look(): void
}

/** Loaded at the first request: many routers are never asked. */
async function load(house: AdminHouse): Promise<Exposition> {
  const { Registry } = (await import('prom-client')).default
  let current: Seen = seen(house)
  const registryOf = (registry: Texts) => {
    for (const family of FAMILIES) registry.registerMetric(metricOf(family, () => current))
    return registry
  }
  const openMetrics: Texts = new Registry()
  openMetrics.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  return {
    plain: registryOf(new Registry()),
    openMetrics: registryOf(openMetrics),
    look() {
      current = seen(house)
    },
  }
}

/** A family as a registry asks for it: its figures are counted elsewhere, so there is nothing to set. */
function metricOf({ name, help, type, read }: Family, current: () => Seen): Metric {
  const metric = {
    name,
    type,
    async get() {
      // A registry of OpenMetrics names counters without `_total`.
      return { name: metric.name, help, type, aggregator: 'sum', values: [...read(current())] }
    },
  }
  return metric as unknown as Metric
}

async function answer(
  exposition: Promise<Exposition>,
  wanted: 'plain' | 'openMetrics',
  response: ServerResponse,
): Promise<void> {
  const { [wanted]: registry, look } = await exposition
  look()
  const text = await registry.metrics()
  response.writeHead(200, { 'Content-Type': registry.contentType, 'Cache-Control': 'no-store' })
  response.end(text)
}
