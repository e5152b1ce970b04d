import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type RequestListener,
} from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { type WebSocket, WebSocketServer } from 'ws'
import { readCertificate, type TlsFiles } from '../base/certificate.ts'
import type { ClientCertificate } from '../base/origin.ts'
import { HEADROOM, tooLarge } from './message-size.ts'
import { listenError } from './probe.ts'
import {
  type Connection,
  type Door,
  type Endpoint,
  type Listen,
  ListenError,
  type Receiver,
  type Site,
} from './transport.ts'
import { answerUpgrade } from './upgrade.ts'

/** Frames up to this size are gathered into one buffer with their headers. */
const GATHER = 16384

/** The first octet of a frame that is whole (RFC 6455, 5.2). */
const TEXT = 0x81
const BINARY = 0x82

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

  constructor(socket: WebSocket, stream: Duplex, remote: string, binary: boolean) {
    this.#socket = socket
    this.#stream = stream
    this.remote = remote
    this.secure = stream instanceof TLSSocket
    this.certificate = stream instanceof TLSSocket ? certificateOfClient(stream) : null
    this.#binary = binary
  }

  get buffered(): number {
    return this.#stream.writableLength
  }

  write(frames: readonly Uint8Array[], binary: boolean = this.#binary): void {
    this.#opcode = binary ? BINARY : TEXT
    if (this.#socket.readyState !== this.#socket.OPEN) return
    this.#stream.cork()
    let from = 0
    while (from < frames.length) from = this.#writeSome(frames, from)
    this.#stream.uncork()
  }

  /** Writes the frames from `from` on that fit one buffer, or a large one; gives the next. */
  #writeSome(frames: readonly Uint8Array[], from: number): number {
    const first = frames[from] as Uint8Array
    if (first.length > GATHER) {
      const header = Buffer.allocUnsafe(10)
      this.#stream.write(header.subarray(0, this.#header(header, 0, first.length)))
      this.#stream.write(first)
      return from + 1
    }
    let size = 0
    let to = from
    for (; to < frames.length; to++) {
      const { length } = frames[to] as Uint8Array
      if (length > GATHER || size + length > 4 * GATHER) break
      size += length + 4
    }
    const bytes = Buffer.allocUnsafe(size)
    let at = 0
    for (let i = from; i < to; i++) {
      const frame = frames[i] as Uint8Array
      at = this.#header(bytes, at, frame.length)
      bytes.set(frame, at)
      at += frame.length
    }
    this.#stream.write(bytes.subarray(0, at))
    return to
  }

  /** The header of an unmasked frame (RFC 6455, 5.2); gives where it ends. */
  #header(bytes: Buffer, at: number, length: number): number {
    bytes[at] = this.#opcode
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
    this.#socket.close(code, reason)
  }

  terminate(): void {
    this.#socket.terminate()
  }
}

/** Null where TLS has found nothing that the authorities of the transport have signed. */
function certificateOfClient(stream: TLSSocket): ClientCertificate | null {
  if (!stream.authorized) return null
  const { subject, fingerprint256 } = stream.getPeerCertificate()
  // Some have several; the first is what people see.
  const commonName = [subject?.CN].flat()[0]
  if (fingerprint256 === undefined) return null
  return {
    commonName: commonName ?? '',
    fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
  }
}

/** Answers upgrade requests of an HTTP server. */
interface UpgradeHandler {
  upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void
  /** Cuts off all connections. */
  terminate(): void
}

function upgradeHandler(site: Site): UpgradeHandler {
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
    // A connection keeps the limit that stands when it is opened.
    const { maxMessageSize } = endpoint
    server.options.maxPayload = maxMessageSize * HEADROOM
    server.handleUpgrade(request, stream, head, socket => {
      serve(socket, stream, endpoint, protocol, request.socket.remoteAddress ?? '', maxMessageSize)
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
  remote: string,
  maxMessageSize: number,
): void {
  const binary = endpoint.protocols.get(protocol)?.binary ?? false
  const connection = new WsConnection(socket, stream, remote, binary)
  const receiver: Receiver = endpoint.open(connection, protocol)
  socket.on('message', (data: Buffer, isBinary) => {
    if (data.length > maxMessageSize) {
      receiver.farewell(1009, tooLarge(maxMessageSize))
    } else receiver.bytes(data, isBinary)
  })
  socket.on('pong', () => receiver.alive())
  socket.on('close', () => receiver.closed())
  // `ws` has sent the fitting code by now; else it would wait half a minute for the answer.
  socket.on('error', error => receiver.farewell(1002, error.message))
  stream.on('drain', () => receiver.drained())
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

/** The transport on Node's own HTTP server and `ws`. */
export const listenWs: Listen = async (address, site) => {
  const { host, port, tls } = address
  const server = httpServer(tls, (request, response) => site.handle(request, response))
  const handler = upgradeHandler(site)
  server.on('upgrade', handler.upgrade)
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(listenError(host, port, error)))
    server.listen(port, host, resolve)
  })
  let closed: Promise<void> | null = null
  const stop = () => {
    closed ??= new Promise(resolve => server.close(() => resolve()))
  }
  return {
    port: (server.address() as AddressInfo).port,
    transport: 'ws',
    stop,
    renew(files) {
      if (files === undefined) return
      ;(server as unknown as TlsServer).setSecureContext(certificateOf(files))
    },
    async close() {
      stop()
      handler.terminate()
      server.closeAllConnections()
      await closed
    },
  }
}

/**
 * Serves the upgrade requests of an application's own HTTP server whose path is among the
 * site's, and leaves all others to the application's other handlers.
 */
export function attachWs(server: HttpServer, site: Site): Door {
  const handler = upgradeHandler(site)
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

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/s, '')
}

function httpServer(tls: TlsFiles | undefined, answer: RequestListener): HttpServer {
  if (tls === undefined) return createServer(answer)
  const asking = { requestCert: tls.ca !== undefined, rejectUnauthorized: false }
  return createTlsServer({ ...certificateOf(tls), ...asking }, answer) as unknown as HttpServer
}

function certificateOf(tls: TlsFiles): ReturnType<typeof readCertificate> {
  try {
    return readCertificate(tls)
  } catch (error) {
    throw new ListenError((error as Error).message)
  }
}
