import { type Context, dropKey, notNeeded } from '../context.ts'
import { literal, type Transport } from '../draft.ts'
import type { Given } from '../given.ts'
import { addOrigin, largest } from '../options.ts'

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

function originsOf(context: Context, given: Given, transport: Transport): void {
  const { report } = context
  const to = 'transports[].allowed_origins'
  for (const at of given.list('allowed_origins')) {
    const origin = at.asText()
    if (origin === undefined) continue
    report.converted(at, to)
    addOrigin(context, transport, { at, value: literal(origin) })
  }
  const none = given.boolean('allow_null_origin')
  if (none === undefined) return
  report.converted(none.at, to)
  // All includes those without a name.
  const isAll = transport.allowed_origins?.includes('*')
  if (none.value && !isAll) addOrigin(context, transport, { at: none.at, value: 'null' })
}
