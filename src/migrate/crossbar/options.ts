import { type Context, dropKey, notNeeded } from '../context.ts'
import type { Transport } from '../draft.ts'
import { literal } from '../draft.ts'
import type { Given, Value } from '../given.ts'

/** Options of WebSockets that say what wampd does in any case. */
const AS_ALWAYS: Readonly<Record<string, string>> = {
  auto_fragment_size: 'messages are sent whole',
  apply_mask: 'frames are masked as RFC 6455 says',
  mask_server_frames: 'frames are masked as RFC 6455 says',
  require_masked_client_frames: 'frames are masked as RFC 6455 says',
  validate_utf8: 'text is always checked',
  enable_hybi10: 'RFC 6455 is spoken',
  enable_rfc6455: 'RFC 6455 is spoken',
  tcp_nodelay: 'is always so',
  echo_close_codereason: 'the codes of wampd are told',
  fail_by_drop: 'connections are closed with a code and a reason',
  close_handshake_timeout: 'is fixed',
  auto_ping_size: 'is fixed',
  auto_ping_restart_on_any_traffic: 'any traffic counts as a sign of life',
  require_websocket_subprotocol: 'is always asked for',
  external_port: 'a page of the same host may connect, whatever its port',
  show_server_version: 'the version is not shown',
  flash_policy: 'there is no Flash',
  enable_flash_policy: 'there is no Flash',
  debug: 'the log has a level of its own, for all: log.level',
}

/** What is an option of one path in Crossbar is one of the whole port here. */
export function webSocketOptions(
  context: Context,
  given: Given | undefined,
  transport: Transport,
): void {
  if (given === undefined) return
  for (const [key, text] of Object.entries(AS_ALWAYS)) notNeeded(context, given, key, text)
  dropKey(given, 'enable_webstatus', 'there is no such page')
  largest(context, transport, 'max_message_size', given.number('max_message_size'))
  const frame = given.number('max_frame_size')
  if (frame !== undefined) {
    context.report.changed(frame.at, 'messages have a limit, frames none', MESSAGE_SIZE)
  }
  largest(context, transport, 'handshake_timeout', given.number('open_handshake_timeout'))
  pingsOf(context, given, transport)
  compressionOf(context, given, transport)
  originsOf(context, given, transport)
}

const MESSAGE_SIZE = 'transports[].options.max_message_size'

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

function pingsOf(context: Context, given: Given, transport: Transport): void {
  const { report } = context
  const interval = given.number('auto_ping_interval')
  const to = 'transports[].options.auto_ping_interval'
  if (interval?.value === 0) report.changed(interval.at, 'silent clients are always pinged', to)
  else largest(context, transport, 'auto_ping_interval', interval)
  const timeout = given.number('auto_ping_timeout')
  if (timeout === undefined) return
  const text = 'a client that is pinged has as long to answer as auto_ping_interval'
  report.changed(timeout.at, text, to)
}

function compressionOf({ draft, report }: Context, given: Given, transport: Transport): void {
  const compression = given.dict('compression')
  if (compression === undefined) return
  const deflate = compression.get('deflate')
  if (deflate === undefined) return
  deflate.settle()
  transport.options ??= draft.from(compression, {})
  transport.options.compression = 'shared'
  const text = 'each message is compressed on its own; 8KB and the like keep more in mind'
  report.changed(deflate, text, 'transports[].options.compression')
}

function originsOf({ report }: Context, given: Given, transport: Transport): void {
  const to = 'transports[].allowed_origins'
  for (const one of given.list('allowed_origins')) {
    const origin = one.asText()
    if (origin === undefined) continue
    report.converted(one, to)
    addOrigin(transport, literal(origin))
  }
  const nothing = given.boolean('allow_null_origin')
  if (nothing === undefined) return
  report.converted(nothing.at, to)
  // All includes those without a name.
  if (nothing.value && !transport.allowed_origins?.includes('*')) addOrigin(transport, 'null')
}

export function addOrigin(transport: Transport, origin: string): void {
  transport.allowed_origins ??= []
  if (!transport.allowed_origins.includes(origin)) transport.allowed_origins.push(origin)
}

const SERIALIZERS = ['json', 'msgpack', 'cbor']

/** The serializers of a way in; those of all ways into a port are on offer at each. */
export function serializersOf({ report }: Context, given: Given, transport: Transport): void {
  for (const one of given.list('serializers')) {
    const name = one.asText()
    if (name === undefined) continue
    if (!SERIALIZERS.includes(name)) {
      one.drop('is a serializer that wampd does not have', 'json, msgpack and cbor are there')
      continue
    }
    report.converted(one, 'transports[].serializers')
    transport.serializers ??= []
    if (!transport.serializers.includes(name)) transport.serializers.push(name)
  }
}
