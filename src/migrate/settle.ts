import { faultsOf } from '../config/load.ts'
import { valueAt } from '../config/node.ts'
import { ConfigError, type Fault, type Path, pathText } from '../config/problem.ts'
import type { Draft, Transport } from './draft.ts'
import { shown } from './given.ts'
import type { Origin } from './report.ts'

/** More rounds than a configuration of people's size can take. */
const MAX_ROUNDS = 5000

/**
 * Takes out of a draft what wampd would refuse in the file `out`, and reports it: afterwards
 * `wampd check` has nothing to say of it. Throws a ConfigError if nothing would be left.
 */
export function settle(draft: Draft, out: string, env: NodeJS.ProcessEnv): void {
  const variables = { ...Object.fromEntries(draft.variables), ...withoutEmpty(env) }
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const [fault] = faultsOf(draft.data(), out, variables)
    if (fault === undefined) return
    if (!mend(draft, fault)) break
  }
  const faults = faultsOf(draft.data(), out, variables)
  throw new ConfigError(
    faults.map(({ path, text }) => ({
      path: pathText(path),
      text: `cannot be made sound: ${text}`,
    })),
  )
}

function withoutEmpty(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
}

/**
 * What goes as a whole, by keys and `*` for any: half a rule would be another rule, and a transport
 * without the keys that guard it would let in more than it should.
 */
const WHOLES = [
  'realms * roles * permissions *',
  'realms * roles * authorizer',
  'realms * event_history *',
  'authenticators * * principals *',
  'authenticators * *',
  'transports * paths *',
  ...['auth *', 'serializers *', 'allowed_origins *', 'options *'].map(
    key => `transports * ${key}`,
  ),
  'transports *',
].map(whole => whole.split(' '))

/** The part of a path that goes as a whole. */
function wholeOf(path: Path): Path {
  const fits = (whole: readonly string[]) =>
    whole.length <= path.length && whole.every((key, i) => key === '*' || key === path[i])
  const length = WHOLES.find(fits)?.length
  return path.slice(0, length)
}

/** Takes out what a fault is about. Gives false where there is nothing to take out. */
function mend(draft: Draft, fault: Fault): boolean {
  const data = draft.data()
  const [part, index, key] = fault.path
  const transport = valueAt(data, [part, index] as Path) as Transport
  if (part === 'transports' && key === 'tls') return withoutTls(draft, transport, fault)
  const path = wholeOf(fault.path)
  const holder = valueAt(data, path.slice(0, -1))
  const last = path.at(-1) as string
  if (path.length < 2 || typeof holder !== 'object' || holder === null) return false
  if (!Object.hasOwn(holder, last)) return false
  const at = fault.other === undefined ? '' : ` ${pathText(fault.other)}`
  const remedy = 'mend it in the source, or in the new file'
  const text = `${pathText(fault.path)}: ${fault.text}${at}`
  draft.report.dropped(originOf(draft, data, path), text, remedy)
  if (Array.isArray(holder)) holder.splice(Number(last), 1)
  else if (path.length === 2) draft.authenticators.delete(last)
  else Reflect.deleteProperty(holder, last)
  return true
}

/** Where the thing at a path, or the next one around it, was given. */
function originOf(draft: Draft, data: unknown, path: Path): Origin {
  for (let length = path.length; length > 0; length--) {
    const [holder, thing] = [length - 1, length].map(end => valueAt(data, path.slice(0, end)))
    const origin =
      typeof thing === 'string'
        ? draft.originOfText(holder as object, thing)
        : draft.originOf(thing as object)
    if (origin !== undefined) return origin
  }
  return { line: 1, path: [] }
}

/** A transport whose certificates cannot be used must not be open to the network without them. */
function withoutTls(draft: Draft, transport: Transport, { path, text }: Fault): boolean {
  const { tls, endpoint } = transport
  if (tls === undefined) return false
  const remedy = 'put tls back when the files are there, then the interface'
  const origin = draft.originOf(tls) ?? originOf(draft, draft.data(), path)
  draft.report.dropped(origin, `${pathText(path)}: ${text}: it listens on loopback only`, remedy)
  const files = Object.entries(tls).map(([key, file]) => `  ${key}: ${JSON.stringify(file)}`)
  const was =
    endpoint.interface === undefined ? '' : ` The interface was ${shown(endpoint.interface)}.`
  draft.comment(
    transport,
    [`Without these files it listens on loopback only.${was}`, 'tls:', ...files].join('\n'),
  )
  if (endpoint.path === undefined) endpoint.interface = '127.0.0.1'
  delete transport.tls
  return true
}
