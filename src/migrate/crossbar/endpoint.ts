import { type Context, dropKey, notNeeded } from '../context.ts'
import { literal, type Transport } from '../draft.ts'
import { type Given, shown } from '../given.ts'

type Place = Pick<Transport, 'endpoint' | 'tls'>

/** Where a transport listens; undefined where it can be nowhere: that has a row then. */
export function endpointOf(context: Context, transport: Given): Place | undefined {
  const given = transport.dict('endpoint')
  if (given === undefined) return transport.drop('has no endpoint')
  const type = given.text('type')?.value ?? 'tcp'
  notNeeded(context, given, 'backlog', 'the system’s own is used')
  if (type === 'unix') return unixOf(context, given)
  if (type === 'tcp') return tcpOf(context, given)
  const remedy = 'listen on an address, and let the other program lead there'
  transport.drop(`its endpoint is of type ${shown(type)}`, remedy)
  return undefined
}

function unixOf({ draft, report, moved }: Context, given: Given): Place | undefined {
  const path = given.text('path')
  if (path === undefined) return given.drop('has no path')
  const text = 'only the user of wampd may connect: mode lets others'
  report.changed(path.at, text, 'transports[].endpoint.path')
  return { endpoint: draft.from(given, { path: moved(path.value) }) }
}

function tcpOf(context: Context, given: Given): Place | undefined {
  const { draft, report } = context
  const port = portOf(context, given)
  if (port === undefined) return given.drop('has no port')
  const shared = 'one process serves the port'
  notNeeded(context, given, 'shared', shared)
  dropKey(given, 'user_timeout', 'silent clients are found by pings', 'see auto_ping_interval')
  const version = given.number('version')
  const all = version?.value === 6 ? '::' : '0.0.0.0'
  if (version !== undefined) report.converted(version.at, 'transports[].endpoint.interface')
  const own = given.text('interface')
  if (own === undefined) {
    const text = 'Crossbar listens on all addresses where none is given: here it is written out'
    report.changed(given, text, 'transports[].endpoint.interface')
  } else report.converted(own.at, 'transports[].endpoint.interface')
  const tls = tlsOf(context, given.dict('tls'))
  const endpoint = draft.from(given, {
    interface: own === undefined || own.value === '' ? all : literal(own.value),
    port,
  })
  return tls === undefined ? { endpoint } : { endpoint, tls }
}

function portOf({ draft, report }: Context, given: Given): number | string | undefined {
  const range = given.get('portrange')
  if (range !== undefined) {
    range.settle()
    const first = range.items()[0]?.single
    report.changed(range, 'the first port of the range is taken', 'transports[].endpoint.port')
    return typeof first === 'number' ? first : undefined
  }
  const found = given.get('port')
  if (found === undefined) return undefined
  const [, variable] = /^\$([A-Za-z_]\w*)$/.exec(String(found.single)) ?? []
  if (variable !== undefined) {
    report.changed(found, `is the variable ${variable}`, 'transports[].endpoint.port')
    return draft.variable(variable, String(20_000 + draft.variables.size))
  }
  const port = given.number('port')
  if (port === undefined) return undefined
  report.converted(port.at, 'transports[].endpoint.port')
  return port.value
}

function tlsOf(context: Context, given: Given | undefined): Record<string, string> | undefined {
  if (given === undefined) return undefined
  const { draft, report, moved } = context
  const tls: Record<string, string> = {}
  for (const name of ['certificate', 'key']) {
    const file = given.text(name)
    if (file === undefined) continue
    tls[name] = moved(file.value)
    report.converted(file.at, `transports[].tls.${name}`)
  }
  const chain = 'the chain belongs into the file of the certificate'
  dropKey(given, 'chain_certificates', chain, 'cat CERTIFICATE CHAIN… > FILE, and name that')
  const authorities = given.list('ca_certificates')
  for (const [i, one] of authorities.entries()) {
    const file = one.asText()
    if (file === undefined) continue
    if (i > 0) one.drop('one file has all authorities here', 'append it to the first one')
    else {
      tls.ca = moved(file)
      report.changed(one, 'clients without a certificate may connect too', 'transports[].tls.ca')
    }
  }
  dropKey(given, 'dhparam', 'Node has parameters of its own')
  dropKey(given, 'ciphers', 'Node has a list of its own', 'node --tls-cipher-list changes it')
  return draft.from(given, tls)
}
