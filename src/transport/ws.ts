import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Source, sourceOf } from '../base/client-address.ts'
import type { ClientCertificate } from '../base/origin.ts'
import { closeReason } from './close-reason.ts'
import { deflated, deflateOptions, isDeflated } from './deflate.ts'
import { writeFrames } from './gather.ts'
import { HEADROOM, tooLarge } from './message-size.ts'
import { connectionEvent, openPort, WATCHED } from './node-port.ts'
import { before, peek } from './peek.ts'
import { Peers } from './peers.ts'
import { serveRawSocket } from './rawsocket.ts'
import { MAGIC } from './rawsocket-frames.ts'
import { pathOf } from './request-path.ts'
import { Certificates, certificateOfClient } from './tls.ts'
import type {
  Address,
  Connection,
  Door,
  Endpoint,
  Listen,
  Listener,
  Receiver,
  RequestHandler,
  Site,
} from './transport.ts'
import { answerUpgrade } from './upgrade.ts'

/** The first octet of a frame that is whole (RFC 6455, 5.2). */
const TEXT = 0x81
const BINARY = 0x82

/** The longest header of a frame that a client sends (RFC 6455, 5.2). */
const MAX_HEADER = 14

/**
 * How long an idle HTTP connection stays open: milliseconds. Longer than proxies keep theirs, which is a
 * minute at most as a rule, or they would send requests over connections that are just being closed.
 */
const KEEP_ALIVE = 65_000

/**
 * `ws` does handshake, reading and control frames. Messages are framed here and written to the
 * socket in one go a tick, which is what makes this transport as fast as the other.
 */
class WsConnection implements Connection {
  readonly kind = 'websocket'
  readonly remote: string
  readonly secure: boolean
  readonly certificate: ClientCertificate | null
  readonly #socket: WebSocket
  readonly #stream: Duplex
  readonly #binary: boolean
  #opcode = TEXT
  readonly #compressionThreshold: number
  readonly #compresses: 'nothing' | 'each alone' | 'by the library'
  /** Called when bytes that waited have left. */
  onDrained: () => void = () => {}

  constructor(
    socket: WebSocket,
    stream: Duplex,
    { remote, secure }: Source,
    binary: boolean,
    terms: Terms,
  ) {
    this.#socket = socket
    this.#compressionThreshold = terms.compressionThreshold
    const isTaken = socket.extensions !== ''
    const isAlone = terms.compression === 'shared'
    this.#compresses = !isTaken ? 'nothing' : isAlone ? 'each alone' : 'by the library'
    this.#stream = stream
    this.remote = remote
    this.secure = secure ?? stream instanceof TLSSocket
    this.certificate = stream instanceof TLSSocket ? certificateOfClient(stream) : null
    this.#binary = binary
  }

  get buffered(): number {
    return this.#socket.bufferedAmount
  }

  write(frames: readonly Uint8Array[], binary: boolean = this.#binary): void {
    this.#opcode = binary ? BINARY : TEXT
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#compresses === 'by the library') this.#hand(frames)
    else writeFrames(this.#stream, this.#perhapsDeflated(frames), this.#header, this.onDrained)
  }

  /** A window that goes on is the library's; it compresses elsewhere, and keeps the order. */
  #hand(frames: readonly Uint8Array[]): void {
    const binary = this.#opcode === BINARY
    // Nothing is heard of a connection that is gone.
    const sent = (error?: Error | null) => error || this.onDrained()
    for (const [i, frame] of frames.entries()) {
      const compress = frame.length >= this.#compressionThreshold
      const isLast = i === frames.length - 1
      this.#socket.send(frame, { binary, compress }, isLast ? sent : undefined)
    }
  }

  #perhapsDeflated(frames: readonly Uint8Array[]): readonly Uint8Array[] {
    if (this.#compresses === 'nothing') return frames
    const threshold = this.#compressionThreshold
    return frames.map(frame => (frame.length >= threshold ? deflated(frame) : frame))
  }

  /** The header of an unmasked frame (RFC 6455, 5.2); gives where it ends. */
  #header = (bytes: Buffer, at: number, frame: Uint8Array): number => {
    const { length } = frame
    const isCompressed = this.#compresses === 'each alone' && isDeflated(frame)
    bytes[at] = isCompressed ? this.#opcode | RSV1 : this.#opcode
    if (length < 126) {
      bytes[at + 1] = length
      return at + 2
    }
    if (length < 0x10000) {
      bytes[at + 1] = 126
      return bytes.writeUInt16BE(length, at + 2)
    }
    bytes[at + 1] = 127
    return bytes.writeBigUInt64BE(BigInt(length), at + 2)
  }

  ping(): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping()
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, Buffer.from(closeReason(reason)))
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

/** The bit of a compressed message (RFC 7692, 6). */
const RSV1 = 0x40

/** What stands for a connection when it is opened, and as long as it lasts. */
type Terms = Pick<Site, 'compression' | 'compressionThreshold'> & Pick<Endpoint, 'maxMessageSize'>

/** Answers upgrade requests of an HTTP server. */
interface UpgradeHandler {
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void
  /** Cuts off all connections. */
  terminate(): void
}

function upgradeHandler(site: Site, peers: Peers): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: true,
    perMessageDeflate: false,
    // answerUpgrade has chosen; this only echoes it.
    handleProtocols: (_, request) => choices.get(request) ?? false,
  })
  const choices = new WeakMap<IncomingMessage, string>()

  function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', destroy)
    const header = (name: string) => String(request.headers[name] ?? '')
    const answer = answerUpgrade(
      {
        path: pathOf(request),
        protocols: header('sec-websocket-protocol'),
        origin: header('origin'),
        host: header('host'),
        version: header('sec-websocket-version'),
      },
      site,
    )
    if (!('protocol' in answer)) {
      refuse(stream, answer)
      return
    }
    const { endpoint, protocol } = answer
    choices.set(request, protocol)
    const { maxMessageSize } = endpoint
    const { compression, compressionThreshold } = site
    const source = sourceOfRequest(request, peers, site)
    server.options.maxPayload = maxMessageSize * HEADROOM
    server.options.perMessageDeflate = deflateOptions(
      compression,
      header('sec-websocket-extensions'),
    )
    server.handleUpgrade(request, stream, head, socket => {
      const terms = { maxMessageSize, compression, compressionThreshold }
      serve(socket, stream, endpoint, protocol, source, terms)
    })
  }

  return {
    upgrade,
    terminate() {
      for (const socket of server.clients) socket.terminate()
    },
  }
}

/** A function of its own: one made within `upgrade` would keep the request as long as the socket. */
function destroy(this: Duplex): void {
  this.destroy()
}

function serve(
  socket: WebSocket,
  stream: Duplex,
  endpoint: Endpoint,
  protocol: string,
  source: Source,
  terms: Terms,
): void {
  const { maxMessageSize } = terms
  const binary = endpoint.protocols.get(protocol)?.binary ?? false
  const connection = new WsConnection(socket, stream, source, binary, terms)
  const receiver: Receiver = endpoint.open(connection, protocol)
  connection.onDrained = () => receiver.drained()
  // The library tells nothing of messages that are not whole: the bytes since the last one are counted.
  let unfinished = 0
  stream.prependListener('data', ({ length }: Buffer) => {
    unfinished += length
  })
  stream.on('data', () => {
    if (receiver.unfinished?.(unfinished - MAX_HEADER) === false) socket.pause()
  })
  socket.on('message', (data: Buffer, isBinary) => {
    unfinished = 0
    if (data.length > maxMessageSize) {
      receiver.farewell(1009, tooLarge(maxMessageSize))
    } else receiver.bytes(data, isBinary)
  })
  socket.on('pong', () => receiver.alive())
  socket.on('close', () => receiver.closed())
  // `ws` has sent the fitting code by now; else it would wait half a minute for the answer.
  socket.on('error', error => receiver.farewell(1002, error.message))
  stream.on('drain', connection.onDrained)
}

function refuse(
  stream: Duplex,
  answer: { status: string; text: string; headers?: Record<string, string> },
): void {
  const headers = {
    ...answer.headers,
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': String(Buffer.byteLength(answer.text)),
    Connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  // Not all peers hang up in their turn.
  stream.once('finish', () => stream.destroy())
  stream.end(`HTTP/1.1 ${answer.status}\r\n${lines.join('')}\r\n${answer.text}`)
}

/** The transport on Node's own HTTP server and `ws`, which takes RawSocket in on the same port. */
export const listenWs: Listen = async (address, site): Promise<Listener> => {
  const peers = new Peers(address)
  const certificates = new Certificates()
  const server = httpServer(address, site, certificates)
  server.on('request', (request, response) => {
    site.handle(request, response, sourceOfRequest(request, peers, site))
  })
  const handler = upgradeHandler(site, peers)
  server.on('upgrade', handler.upgrade)
  before(server, connectionEvent(address), (socket, go) => {
    if (site.rawsocket === undefined) go()
    else divide(socket, site, peers, go)
  })
  const opened = await openPort(server, address, site, peers, certificates)
  server.on('connection', () => {
    // Who has said all makes room for those who have not.
    if (opened.open.size >= site.maxSockets) server.closeIdleConnections()
  })
  return {
    port: opened.port,
    transport: 'ws',
    stop() {
      if (!site.needsPort) opened.stop()
    },
    renew(files) {
      server.headersTimeout = headersTimeout(site.handshakeTimeout)
      opened.renew(files)
    },
    async close() {
      opened.stop()
      handler.terminate()
      server.closeAllConnections()
      await opened.close()
    },
  }
}

/** The first octet tells: no HTTP request begins with that of RawSocket (WAMP, "RawSocket Transport"). */
function divide(socket: Socket, site: Site, peers: Peers, http: () => void): void {
  const rawsocket = () => serveRawSocket(socket, site, peers.of(socket))
  const look = ([first]: Buffer) => ({ skip: 0, go: first === MAGIC ? rawsocket : http })
  peek(socket, site.handshakeTimeout, look, () => site.count('silent'))
}

function httpServer(
  { tls }: Address,
  { handshakeTimeout }: Site,
  certificates: Certificates,
): HttpServer {
  const settings = {
    ...WATCHED,
    headersTimeout: headersTimeout(handshakeTimeout),
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: Math.max(50, headersTimeout(handshakeTimeout) / 4),
  }
  if (tls === undefined) return createServer(settings)
  const options = { ...certificates.options(tls, handshakeTimeout), ...settings }
  return createTlsServer(options) as unknown as HttpServer
}

/** How long a request may take to come, body and all: ms. */
const REQUEST_TIMEOUT = 60_000

/** Node wants it below the time for a whole request. */
function headersTimeout(handshakeTimeout: number): number {
  return Math.min(handshakeTimeout, REQUEST_TIMEOUT)
}

function sourceOfRequest(request: IncomingMessage, peers: Peers, { trusted }: Site): Source {
  const header = (name: string) => [request.headers[name] ?? ''].flat().join(',')
  const forwarded = { for: header('x-forwarded-for'), proto: header('x-forwarded-proto') }
  return sourceOf(peers.of(request.socket), forwarded, trusted)
}

/** Answers requests of an application's own HTTP server; `next` gets those that are for nobody here. */
export function handleRequests(site: Site): RequestHandler {
  const peers = new Peers()
  return (request, response, next) =>
    site.handle(request, response, sourceOfRequest(request, peers, site), next)
}

/**
 * Serves the upgrade requests of an application's own HTTP server whose path is among the
 * site's, and leaves all others to the application's other handlers.
 */
export function attachWs(server: HttpServer, site: Site): Door {
  const handler = upgradeHandler(site, new Peers())
  const upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    if (site.websocket(pathOf(request)) !== undefined) handler.upgrade(request, stream, head)
    // Node hangs up on upgrades that nobody handles only where no one listens for them.
    else if (server.listenerCount('upgrade') === 1) {
      refuse(stream, { status: '404 Not Found', text: 'no WebSocket here\n' })
    }
  }
  server.on('upgrade', upgrade)
  return {
    stop: () => server.off('upgrade', upgrade),
    async close() {
      server.off('upgrade', upgrade)
      handler.terminate()
    },
  }
}
