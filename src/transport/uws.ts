import type { HttpRequest, HttpResponse, us_listen_socket, WebSocket } from 'uWebSockets.js-20.51'
import { type NamedFiles, readCertificate, readNamed, type TlsFiles } from '../base/certificate.ts'
import { plainAddress, type Source, sourceOf } from '../base/client-address.ts'
import { closeReason } from './close-reason.ts'
import { HEADROOM, tooLarge } from './message-size.ts'
import { pageOf } from './page.ts'
import { probe } from './probe.ts'
import {
  type Connection,
  type Endpoint,
  type Listen,
  ListenError,
  type Receiver,
  type Site,
} from './transport.ts'
import { answerUpgrade } from './upgrade.ts'

type UWS = typeof import('uWebSockets.js-20.51') & { LIBUS_LISTEN_EXCLUSIVE_PORT: number }

interface UserData {
  readonly protocol: string
  readonly source: Source
  /** uWebSockets.js copies this object: what changes later lives behind this reference. */
  readonly link: {
    readonly endpoint: Endpoint
    /** The endpoint's limit on messages when the connection was opened. */
    readonly maxMessageSize: number
    /** Shorter messages are not compressed, nor any to a client that does not take it. */
    readonly compressionThreshold: number
    connection: UwsConnection | null
    receiver: Receiver | null
  }
}

type Socket = WebSocket<UserData>

/** How long connections may take to end after the listener is closed. Milliseconds. */
const LINGER = 500

/**
 * What a peer may leave unread of the answers to its pings, in bytes: the library sends them past the
 * outbox with its cap.
 */
const MAX_PONGS = 64 << 10
const PONG_HEADER = 2

/** The connection was lost without a close frame (RFC 6455, 7.4.1). */
const ABNORMAL = 1006
/** The reason of the library where a peer has just gone. */
const FIN = 'Received TCP FIN before WebSocket close frame'

const NO_FRAMES: readonly Uint8Array[] = []

class UwsConnection implements Connection {
  readonly kind = 'websocket'
  readonly remote: string
  readonly secure: boolean
  readonly #binary: boolean
  readonly #compressionThreshold: number
  #socket: Socket | null
  #frames: readonly Uint8Array[] = NO_FRAMES
  #areBinary = false
  /** Bytes of pongs that were sent since anything waits for the peer. */
  #pongs = 0
  /** A close frame that lets the bytes before it go first. */
  #farewell: { code: number; reason: string } | null = null

  constructor(socket: Socket, remote: string, binary: boolean, secure: boolean) {
    this.#compressionThreshold = socket.getUserData().link.compressionThreshold
    this.#socket = socket
    this.remote = remote
    this.#binary = binary
    this.secure = secure
  }

  get buffered(): number {
    return this.#socket === null ? 0 : this.#socket.getBufferedAmount()
  }

  write(frames: readonly Uint8Array[], binary: boolean = this.#binary): void {
    this.#frames = frames
    this.#areBinary = binary
    this.#socket?.cork(this.#sendAll)
  }

  #sendAll = (): void => {
    const socket = this.#socket as Socket
    for (const frame of this.#frames) {
      socket.send(frame, this.#areBinary, frame.length >= this.#compressionThreshold)
    }
    // They hold the whole chunk that they were written in.
    this.#frames = NO_FRAMES
  }

  ping(): void {
    this.#socket?.ping()
  }

  /** The library has answered a ping of so many bytes; false where the peer does not read that. */
  answered(length: number): boolean {
    this.#pongs = this.buffered === 0 ? 0 : this.#pongs + PONG_HEADER + length
    return this.#pongs <= MAX_PONGS
  }

  close(code: number, reason: string): void {
    // Once ended, a socket cannot be cut off: a peer that does not read would keep it for ever.
    if (this.buffered > 0) this.#farewell = { code, reason }
    else this.#socket?.end(code, closeReason(reason))
  }

  /** Bytes that waited have left. */
  drained(): void {
    const farewell = this.#farewell
    if (farewell !== null && this.buffered === 0)
      this.#socket?.end(farewell.code, closeReason(farewell.reason))
  }

  terminate(): void {
    this.#socket?.close()
  }

  /** The socket is gone: uWebSockets.js throws on every further use. */
  gone(): void {
    this.#socket = null
  }
}

/** The transport on uWebSockets.js, given as the loaded module. */
export function uwsTransport(uws: UWS): Listen {
  return async (address, site) => {
    const { host, tls } = address
    let current = appOf(uws, tls, site)
    // Only a port that it is told can be opened again while connections are on it, as renew() does.
    const port = address.port === 0 ? await probe(host, 0) : address.port
    /** Apps that take no new connections and may still have some. */
    let retired: App[] = []
    let socket: us_listen_socket | null = listen(uws, current, host, port)
    if (socket === null) {
      await probe(host, port)
      throw new ListenError(`cannot listen on ${host}:${port}`)
    }
    let isStopped = false
    const pause = () => {
      if (socket !== null) uws.us_listen_socket_close(socket)
      socket = null
    }
    const stop = () => {
      isStopped = true
      pause()
    }
    return {
      port,
      transport: 'uWebSockets.js',
      stop,
      pause,
      resume() {
        if (!isStopped && socket === null) socket = listen(uws, current, host, port)
      },
      renew(files) {
        if (isStopped || offerOf(files, site) === current.offer) return
        // An app's certificate and limits stand, so another one takes the port; those whose
        // connection was not yet accepted must try again.
        const next = appOf(uws, files, site)
        pause()
        socket = listen(uws, next, host, port)
        if (socket === null) {
          socket = listen(uws, current, host, port)
          throw new ListenError(`cannot listen on ${host}:${port} again`)
        }
        for (const { app, open } of retired) if (open.size === 0) app.close()
        retired = [...retired.filter(({ open }) => open.size > 0), current]
        current = next
      },
      async close() {
        stop()
        const apps = [...retired, current]
        for (const { open } of apps) for (const connection of open) connection.terminate()
        // Peers that were told to close may still read so. Then nothing is left, be it of HTTP.
        setTimeout(() => {
          for (const { app } of apps) app.close()
        }, LINGER).unref()
      },
    }
  }
}

interface App {
  readonly app: ReturnType<UWS['App']>
  /** What it cannot change once it is made, in one text. */
  readonly offer: string
  readonly open: Set<UwsConnection>
}

/** Throws a ListenError. */
function offerOf(tls: TlsFiles | undefined, { maxMessageSize, compression }: Site): string {
  const limits = `${maxMessageSize} ${compression}`
  if (tls === undefined) return limits
  try {
    const { cert, key } = readCertificate(tls)
    const named = readNamed(tls).map(({ names, cert, key }) => `${names} ${cert} ${key}`)
    return `${limits} ${cert} ${key} ${named.join(' ')}`
  } catch (error) {
    throw new ListenError((error as Error).message)
  }
}

function listen(uws: UWS, { app }: App, host: string, port: number): us_listen_socket | null {
  // Without the flag two routers could share a port, and each would get half the clients.
  const listen = app.listen as unknown as (
    host: string,
    port: number,
    options: number,
    done: (socket: us_listen_socket | false) => void,
  ) => void
  let listening: us_listen_socket | null = null
  listen.call(app, host, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, socket => {
    listening = socket || null
  })
  return listening
}

function appOf(uws: UWS, tls: TlsFiles | undefined, site: Site): App {
  const offer = offerOf(tls, site)
  const app =
    tls === undefined
      ? uws.App()
      : uws.SSLApp({ cert_file_name: tls.certificate, key_file_name: tls.key })
  const open = new Set<UwsConnection>()
  serve(uws, app, tls !== undefined, site, open)
  const add = (name: string, { certificate, key }: NamedFiles) => {
    app.addServerName(name, { cert_file_name: certificate, key_file_name: key })
    // Each name has routes of its own.
    serve(uws, app.domain(name), true, site, open)
  }
  const named = new Map<string, NamedFiles>()
  for (const files of tls?.names ?? []) {
    for (const name of files.names) {
      named.set(name.toLowerCase(), files)
      add(name.toLowerCase(), files)
    }
  }
  let spellings = 0
  if (named.size > 0) {
    // The library looks for names as they are written, and clients may write them in capitals.
    app.missingServerName(asked => {
      const lower = asked.toLowerCase()
      const files = named.get(lower) ?? named.get(`*${lower.slice(lower.indexOf('.'))}`)
      if (files === undefined || lower === asked || ++spellings > MAX_SPELLINGS) return
      add(asked, files)
    })
  }
  return { app, offer, open }
}

/** Other spellings of its names that an app takes up, as each costs some memory. */
const MAX_SPELLINGS = 100

/** What an app does at all paths. */
function serve(
  uws: UWS,
  app: App['app'],
  isTls: boolean,
  site: Site,
  open: Set<UwsConnection>,
): void {
  app.ws<UserData>('/*', {
    compression: compressionOf(uws, site),
    maxPayloadLength: site.maxMessageSize * HEADROOM,
    // The outbox has the cap; uWebSockets.js' own would drop without telling.
    maxBackpressure: 0,
    // The heartbeat of the session layer serves all transports.
    idleTimeout: 0,
    sendPingsAutomatically: false,
    upgrade(response, request, context) {
      const answer = answerUpgrade(
        {
          path: request.getUrl(),
          protocols: allLines(request, 'sec-websocket-protocol'),
          origin: request.getHeader('origin'),
          host: request.getHeader('host'),
          version: request.getHeader('sec-websocket-version'),
        },
        site,
      )
      if (!('protocol' in answer)) {
        response.writeStatus(answer.status)
        for (const [name, value] of Object.entries(answer.headers ?? {})) {
          response.writeHeader(name, value)
        }
        response.writeHeader('Content-Type', 'text/plain; charset=utf-8').end(answer.text, true)
        return
      }
      const { endpoint, protocol } = answer
      const { maxMessageSize } = endpoint
      const { compressionThreshold } = site
      response.upgrade<UserData>(
        {
          protocol,
          source: sourceOfRequest(request, response, site),
          link: {
            endpoint,
            maxMessageSize,
            compressionThreshold,
            connection: null,
            receiver: null,
          },
        },
        request.getHeader('sec-websocket-key'),
        protocol,
        request.getHeader('sec-websocket-extensions'),
        context,
      )
    },
    open(socket) {
      const { protocol, source, link } = socket.getUserData()
      const { endpoint } = link
      const { remote, secure = isTls } = source
      const binary = endpoint.protocols.get(protocol)?.binary ?? false
      link.connection = new UwsConnection(socket, remote, binary, secure)
      open.add(link.connection)
      link.receiver = endpoint.open(link.connection, protocol)
    },
    message(socket, message, binary) {
      const { link } = socket.getUserData()
      if (message.byteLength > link.maxMessageSize) {
        link.receiver?.farewell(1009, tooLarge(link.maxMessageSize))
      } else link.receiver?.bytes(new Uint8Array(message), binary)
    },
    drain(socket) {
      const { link } = socket.getUserData()
      link.receiver?.drained()
      link.connection?.drained()
    },
    ping(socket, { byteLength }) {
      const { connection, receiver } = socket.getUserData().link
      if (connection === null) return
      if (connection.answered(byteLength)) receiver?.drained()
      else {
        site.count('too_slow')
        connection.terminate()
      }
    },
    pong: socket => socket.getUserData().link.receiver?.alive(),
    close(socket, code, message) {
      const { link } = socket.getUserData()
      // The library ends a connection with unsound frames by itself, and says why here alone.
      const reason = Buffer.from(message).toString()
      if (code === ABNORMAL && reason !== '' && reason !== FIN) site.count('protocol_violations')
      if (link.connection !== null) {
        link.connection.gone()
        open.delete(link.connection)
      }
      link.receiver?.closed()
    },
  })

  app.any('/*', (response, request) => {
    const endpoint = site.websocket(request.getUrl())
    const isPage = request.getMethod() === 'get' && endpoint !== undefined
    if (isPage && request.getHeader('upgrade') === '') {
      const page = pageOf(request.getUrl(), endpoint.protocols.keys())
      response.writeHeader('Content-Type', 'text/html; charset=utf-8').end(page)
    } else {
      const status = isPage ? '400 Bad Request' : '404 Not Found'
      response.writeStatus(status).end(isPage ? 'no sound WebSocket handshake\n' : 'not found\n')
    }
  })
}

/** Nothing is kept of a connection: both sides compress each message on its own. */
function compressionOf(uws: UWS, { compression }: Site): number {
  return compression === 'off' ? uws.DISABLED : uws.SHARED_COMPRESSOR | uws.SHARED_DECOMPRESSOR
}

function sourceOfRequest(request: HttpRequest, response: HttpResponse, { trusted }: Site): Source {
  const peer = plainAddress(Buffer.from(response.getRemoteAddressAsText()).toString())
  const forwarded = {
    for: allLines(request, 'x-forwarded-for'),
    proto: allLines(request, 'x-forwarded-proto'),
  }
  return sourceOf(peer, forwarded, trusted)
}

/** A header that may be split over several lines, of which getHeader() gives but one. */
function allLines(request: HttpRequest, name: string): string {
  const lines: string[] = []
  request.forEach((key, value) => {
    if (key === name) lines.push(value)
  })
  return lines.join(',')
}
