import type { Context } from './context.ts'
import type { Transport } from './draft.ts'
import type { Given, Value } from './given.ts'

/** The least that wampd takes. */
const LEAST: Readonly<Record<string, number>> = {
  max_message_size: 1024,
  handshake_timeout: 10,
  auto_ping_interval: 100,
}

/** Sets an option of a port, or raises it where another path of the port has set it lower. */
export function largest(
  { draft, report }: Context,
  transport: Transport,
  key: string,
  given: Value<number> | undefined,
): void {
  if (given === undefined) return
  const { value, at } = given
  const to = `transports[].options.${key}`
  if (value <= 0) {
    report.changed(at, 'no limit: here there is always one, the default', to)
    return
  }
  transport.options ??= draft.from(at, {})
  const before = Number(transport.options[key] ?? 0)
  const least = LEAST[key] ?? 0
  transport.options[key] = Math.max(before, value, least)
  if (value < least) report.changed(at, `is ${least} at least`, to)
  else if (before !== 0 && before !== value) {
    report.changed(at, 'is one for the port: the largest of its paths counts', to)
  } else report.converted(at, to)
}

export function addOrigin(
  { draft }: Context,
  transport: Transport,
  { at, value }: Value<string>,
): void {
  transport.allowed_origins ??= []
  draft.add(at, transport.allowed_origins, value)
}

const SERIALIZERS = ['json', 'msgpack', 'cbor']

/** The serializers of a way in; those of all ways into a port are on offer at each. */
export function serializersOf(
  { draft, report }: Context,
  given: Given,
  transport: Transport,
): void {
  for (const one of given.list('serializers')) {
    const name = one.asText()
    if (name === undefined) continue
    if (!SERIALIZERS.includes(name)) {
      one.drop('is a serializer that wampd does not have', 'json, msgpack and cbor are there')
      continue
    }
    report.converted(one, 'transports[].serializers')
    transport.serializers ??= []
    draft.add(one, transport.serializers, name)
  }
}

/**
 * WebSockets at any path, as other routers take them on a port of their own: here at those where
 * clients are likely to look for them.
 */
export function webSocketPaths(...others: string[]): NonNullable<Transport['paths']> {
  const paths = [...new Set(['/', '/ws', ...others])]
  return Object.fromEntries(paths.map(path => [path, { websocket: {} }]))
}
