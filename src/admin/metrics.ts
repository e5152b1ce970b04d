import type { RequestListener } from 'node:http'
import type { Metric, RegistryContentType, Registry as RegistryOf } from 'prom-client'
import Registry from 'prom-client/lib/registry.js'
import { answerProblem, Problem } from '../gateway/bridge/problem.ts'
import { INTERNAL_ERROR, INVALID_ARGUMENT } from '../protocol/errors.ts'
import { FAMILIES, type Family, type Seen, seen } from './families.ts'
import type { AdminHouse } from './operation.ts'

/** Answers GET requests with all figures: as Prometheus' text, or OpenMetrics for who asks for that. */
export function metricsHandler(house: AdminHouse): RequestListener {
  const plain = expositionOf(house, Registry.PROMETHEUS_CONTENT_TYPE)
  const openMetrics = expositionOf(house, Registry.OPENMETRICS_CONTENT_TYPE)
  return (request, response) => {
    response.on('error', () => {})
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      answerProblem(response, new Problem(INVALID_ARGUMENT, 'only GET, HEAD is for here', 405))
      return
    }
    const isOpen = request.headers.accept?.includes('application/openmetrics-text')
    const { contentType, text } = isOpen ? openMetrics : plain
    text().then(
      text => {
        response.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store' })
        response.end(text)
      },
      error => {
        house.log.error({ err: error }, 'internal error')
        answerProblem(
          response,
          new Problem(INTERNAL_ERROR, 'the router failed; its log says why', 500),
        )
      },
    )
  }
}

/** All figures in one format: `text` gives what they are now. */
function expositionOf(house: AdminHouse, contentType: RegistryContentType) {
  const registry: RegistryOf<RegistryContentType> = new Registry()
  registry.setContentType(contentType)
  let current: Seen
  for (const family of FAMILIES) registry.registerMetric(metricOf(family, () => current))
  const text = () => {
    current = seen(house)
    return registry.metrics()
  }
  return { contentType, text }
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
