import { isUtf8 } from 'node:buffer'
import type { Socket } from 'node:net'
import {
  exponentOf,
  FrameReader,
  frameOf,
  HEADER,
  lengthOf,
  MAGIC,
  MESSAGE,
  PING,
  PONG,
  writeHeader,
} from './rawsocket-frames.ts'
import { SocketConnection } from './socket-connection.ts'
import { listenTcp } from './tcp.ts'
import type { Endpoint, Listen, Receiver, Site } from './transport.ts'

/** Errors of a handshake (WAMP, "RawSocket Transport", router-to-client reply). */
const UNSUPPORTED_SERIALIZER = 1
const RESERVED_BITS = 3
const TOO_MANY_CONNECTIONS = 4

/** How long a peer may take to read why it is refused: ms. */
const LINGER = 500

/** What our pings say. Autobahn|JS does not answer those that say nothing until more comes. */
const PROBE = Buffer.from('wamp')

class RawSocketConnection extends SocketConnection {
  readonly kind = 'rawsocket'
  readonly maxSend: number
  /** The peer has shown that it knows pings. */
  knowsPings = false
  protected readonly header = messageHeader
  /** Takes the peer for alive. */
  readonly #vouch: () => void

  constructor(socket: Socket, remote: string, maxSend: number, vouch: () => void) {
    super(socket, remote)
    this.maxSend = maxSend
    this.#vouch = vouch
  }

  /**
   * Autobahn|Python has no pings: over Twisted it takes one for the beginning of a message of 16 MiB,
   * over asyncio it fails. The system watches the connections of those who have shown no pings.
   */
  ping(): void {
    if (!this.knowsPings) this.#vouch()
    else if (this.socket.writable) this.socket.write(frameOf(PING, PROBE))
  }
}

function messageHeader(bytes: Buffer, at: number, { length }: Uint8Array): number {
  return writeHeader(bytes, at, MESSAGE, length)
}

/** What a handshake comes to: a subprotocol and what the peer takes, or an error. */
type HandshakeAnswer =
  | { readonly protocol: string; readonly maxSend: number; readonly reply: Buffer }
  | { readonly error: number }

/** Answers the four octets of a handshake, of which the first is MAGIC. */
export function answerHandshake(octets: Buffer, endpoint: Endpoint): HandshakeAnswer {
  const [, second = 0, third, fourth] = octets
  if (third !== 0 || fourth !== 0) return { error: RESERVED_BITS }
  const number = second & 15
  for (const [protocol, one] of endpoint.protocols) {
    if (one.number !== number) continue
    const reply = Buffer.from([MAGIC, (exponentOf(endpoint.maxMessageSize) << 4) | number, 0, 0])
    return { protocol, maxSend: lengthOf(second >> 4), reply }
  }
  return { error: UNSUPPORTED_SERIALIZER }
}

/** Serves a connection that speaks RawSocket, from its first octet on. */
export function serveRawSocket(socket: Socket, site: Site, remote: string): void {
  const endpoint = site.rawsocket
  socket.on('error', () => socket.destroy())
  // A connection that was accepted just before the port was closed.
  if (endpoint === undefined || !site.isOpen) {
    socket.destroy()
    return
  }
  if (!endpoint.enter(socket)) {
    site.count('refused_connections')
    refuse(socket, TOO_MANY_CONNECTIONS)
    return
  }
  let bytes: Buffer = Buffer.alloc(0)
  const timer = setTimeout(() => {
    site.count('silent')
    socket.destroy()
  }, site.handshakeTimeout)
  const done = () => {
    clearTimeout(timer)
    endpoint.leave(socket)
    socket.off('close', done).off('end', cut).off('data', hear)
  }
  const cut = () => socket.destroy()
  const hear = (part: Buffer) => {
    bytes = Buffer.concat([bytes, part])
    if (bytes[0] === MAGIC && bytes.length < 4) return
    done()
    if (bytes[0] !== MAGIC) {
      site.count('bad_handshakes')
      socket.destroy()
      return
    }
    const answer = answerHandshake(bytes.subarray(0, 4), endpoint)
    if ('error' in answer) {
      const isProtocol = answer.error === UNSUPPORTED_SERIALIZER
      site.count(isProtocol ? 'refused_protocols' : 'bad_handshakes')
      refuse(socket, answer.error)
      return
    }
    socket.write(answer.reply)
    serve(socket, endpoint, answer.protocol, remote, answer.maxSend, bytes.subarray(4))
  }
  socket.on('close', done).on('end', cut).on('data', hear)
}

function refuse(socket: Socket, error: number): void {
  socket.end(Buffer.from([MAGIC, error << 4, 0, 0]))
  // What the peer still sends is read, or it would be reset before it has the answer.
  socket.resume()
  setTimeout(() => socket.destroy(), LINGER).unref()
}

function serve(
  socket: Socket,
  endpoint: Endpoint,
  protocol: string,
  remote: string,
  maxSend: number,
  first: Buffer,
): void {
  const connection = new RawSocketConnection(socket, remote, maxSend, () => receiver.alive())
  const binary = endpoint.protocols.get(protocol)?.binary ?? false
  const reader = new FrameReader(lengthOf(exponentOf(endpoint.maxMessageSize)))
  const receiver: Receiver = endpoint.open(connection, protocol)
  let isBroken = false

  const take = (kind: number, payload: Buffer) => {
    if (kind === MESSAGE) {
      // No reader looks at it again: what is spliced into messages to others must be sound.
      if (!binary && !isUtf8(payload)) fail('a message that is no UTF-8')
      else receiver.bytes(payload, binary)
    } else {
      connection.knowsPings = true
      receiver.alive()
      if (kind === PING) answerPing(payload)
    }
  }
  const answerPing = (payload: Buffer) => {
    if (payload.length > maxSend) fail('a ping is longer than the pong that its sender takes')
    // Whoever asks without reading the answers is not heard until it does.
    else if (socket.writable && !socket.write(frameOf(PONG, payload))) {
      socket.pause()
      socket.once('drain', () => socket.resume())
    }
  }
  const fail = (text: string) => {
    isBroken = true
    receiver.farewell(1002, text)
  }
  const hear = (bytes: Buffer) => {
    if (isBroken) return
    const fault = reader.read(bytes, take)
    if (fault !== undefined) fail(fault)
    else if (reader.held > HEADER && receiver.unfinished?.(reader.held - HEADER) === false) {
      isBroken = true
    }
  }
  socket.on('data', hear)
  connection.attend(receiver)
  if (first.length > 0) hear(first)
}

/** The transport for RawSocket alone, on Node's own sockets. */
export const listenRawSocket: Listen = listenTcp(serveRawSocket)
