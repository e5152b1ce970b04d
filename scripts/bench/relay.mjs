/**
 * The least that can stand between the peers of a load: what the kernel and uWebSockets.js cost, without
 * a router. `node relay.mjs PORT`. JSON only.
 *
 * It gives everybody a WELCOME, knows topics and procedures by their text, puts a new head before a
 * payload that it never looks at, and writes what a tick has gathered for a socket under one cork. It
 * checks nothing, and takes it that a callee has one caller: the numbers of a call go through unchanged.
 */
// The build that Node 20 and 22 load.
import uws from 'uWebSockets.js-20.51'

const [COMMA, ZERO, QUOTE, BRACKET] = [44, 48, 34, 91]
const latin1 = Buffer.prototype.latin1Slice

const subscribers = new Map()
const callees = new Map()
const dirty = []
/** What is sent is written here, message behind message. */
let arena = new Uint8Array(1 << 16)
let at = 0

const app = uws.App()
app.ws('/ws', {
  maxPayloadLength: 16 << 20,
  maxBackpressure: 64 << 20,
  idleTimeout: 0,
  sendPingsAutomatically: false,
  upgrade(response, request, context) {
    const [key, extensions] = ['sec-websocket-key', 'sec-websocket-extensions']
    const data = { queue: [], number: 0, caller: undefined }
    const [accept, offered] = [request.getHeader(key), request.getHeader(extensions)]
    response.upgrade(data, accept, 'wamp.2.json', offered, context)
  },
  message: (socket, frame) => take(socket, new Uint8Array(frame)),
})
app.listen('127.0.0.1', Number(process.argv[2]), ok => ok || process.exit(1))

function take(socket, frame) {
  const type = frame[2] === COMMA ? 0 : (frame[1] - ZERO) * 10 + frame[2] - ZERO
  if (type === 16) publish(frame)
  else if (type === 48) call(socket, frame)
  else if (type === 70) send(socket.caller, headed('[50', frame, ',{},'))
  else rare(socket, JSON.parse(Buffer.from(frame)))
}

function publish(frame) {
  const topic = subscribers.get(uriOf(frame))
  const event = headed(topic.head, frame, ',{},')
  for (const socket of topic.sockets) send(socket, event)
}

function call(socket, frame) {
  const callee = callees.get(uriOf(frame))
  callee.caller = socket
  send(callee, headed('[68', frame, ',1,{},'))
}

function rare(socket, [type, request, , uri]) {
  if (type === 1) send(socket, '[2,1,{"roles":{"broker":{},"dealer":{}}}]')
  else if (type === 6) send(socket, '[6,{},"wamp.close.goodbye_and_out"]')
  else if (type === 64) {
    callees.set(uri, socket)
    send(socket, `[65,${request},1]`)
  } else if (type === 32) {
    const id = subscribers.get(uri)?.id ?? subscribers.size + 1
    const topic = subscribers.get(uri) ?? { id, head: `[36,${id}`, sockets: [] }
    subscribers.set(uri, topic)
    topic.sockets.push(socket)
    send(socket, `[33,${request},${id}]`)
  }
}

/** A new head about the request id of a frame, and its payload as it came. */
function headed(before, frame, after) {
  // The payload begins at the second `[`.
  const payload = frame.indexOf(BRACKET, 1)
  const size = before.length + after.length + frame.length
  if (at + size > arena.length) {
    arena = new Uint8Array(Math.max(1 << 16, size))
    at = 0
  }
  const from = at
  write(before)
  // `,` and the request id.
  for (let i = 3; i === 3 || frame[i] !== COMMA; i++) arena[at++] = frame[i]
  write(after)
  arena.set(frame.subarray(payload), at)
  at += frame.length - payload
  return arena.subarray(from, at)
}

function write(text) {
  for (let i = 0; i < text.length; i++) arena[at++] = text.charCodeAt(i)
}

function uriOf(frame) {
  const from = frame.indexOf(QUOTE) + 1
  return latin1.call(frame, from, frame.indexOf(QUOTE, from))
}

function send(socket, message) {
  if (socket.queue.length === 0 && dirty.push(socket) === 1) setImmediate(flush)
  socket.queue.push(message)
}

function flush() {
  for (const socket of dirty.splice(0)) {
    socket.cork(() => {
      for (const message of socket.queue) socket.send(message, false)
    })
    socket.queue = []
  }
}
