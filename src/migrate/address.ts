import { type Draft, literal, type Transport } from './draft.ts'
import { shown, type Value } from './given.ts'

/** An address as programs in Go have it, such as `:8080`, `localhost:8080` or `[::1]:8080`. */
export function endpointOf(
  draft: Draft,
  address: Value<string>,
): Transport['endpoint'] | undefined {
  const { value, at } = address
  const [, v6, host, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(value) ?? []
  if (port === undefined) return at.drop(`${shown(value)} is no address with a port`)
  const given = v6 ?? host ?? ''
  const to = 'transports[].endpoint'
  if (given === '')
    draft.report.changed(at, 'without a host it is all addresses, written out here', to)
  else draft.report.converted(at, to)
  return draft.from(at, { interface: given === '' ? '::' : literal(given), port: Number(port) })
}
