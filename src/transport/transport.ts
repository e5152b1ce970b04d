import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TlsFiles } from '../base/certificate.ts'
import type { Source, Trusted } from '../base/client-address.ts'
import type { Compression } from '../base/compression.ts'
import type { Counted } from '../base/counters.ts'
import type { ClientCertificate } from '../base/origin.ts'
import type { UnixSocket } from '../base/unix-socket.ts'

/** One connection that carries WAMP messages of one serializer. */
export interface Connection {
  /** How it is made: `websocket`, `rawsocket`, … */
  readonly kind: string
  /** The protocol that the peer speaks, where that is not `wamp.2.` and its serializer. */
  readonly protocol?: string
  /** The client's address, for logs and session details; `unix` over a unix socket. */
  readonly remote: string
  /** It is over TLS. */
  readonly secure?: boolean
  /** What the client has shown to TLS, checked; absent where the transport cannot tell. */
  readonly certificate?: ClientCertificate | null
  /** The largest message that the peer takes, in bytes; absent where it has set no limit. */
  readonly maxSend?: number
  /** Bytes that the kernel has not taken yet. */
  readonly buffered: number
  /**
   * Sends one tick's frames under one cork. The frames' bytes never change. `binary`: what kind of
   * WebSocket frames they are, where that is not the protocol's.
   */
  write(frames: readonly Uint8Array[], binary?: boolean): void
  /** Asks for a sign of life; the answer comes to Receiver.alive(). */
  ping(): void
  /**
   * Says farewell with a WebSocket close code, after what was written. Transports that have no close
   * frame just end.
   */
  close(code: number, reason: string): void
  /** Cuts the connection off. */
  terminate(): void
}

/** Who hears what comes over a connection. */
export interface Receiver {
  /**
   * One message. The bytes are valid only until it returns. Those of a text frame are UTF-8.
   */
  bytes(frame: Uint8Array, binary: boolean): void
  /** A message has so many bytes already and is not whole. False: no more of it is to be taken in. */
  unfinished?(size: number): boolean
  /** The kernel has taken bytes that waited. */
  drained(): void
  /** A pong came. */
  alive(): void
  /** The peer broke the rules of the transport: nothing more is heard of it. */
  farewell(code: number, reason: string): void
  /** The connection is gone. Called once, and nothing after it. */
  closed(): void
}

/** A subprotocol, as far as transports see it. */
export interface Protocol {
  /** It speaks in binary frames. */
  readonly binary: boolean
  /** Its number in RawSocket, where it has one. */
  readonly number?: number
  /** Each frame is a batch of messages, so that several put together are one, too. */
  readonly isBatched: boolean
  /** What its frames are to HTTP. */
  readonly mediaType: string
}

/** Where sessions begin: what is offered to connections and asked of them. The router gives it. */
export interface Endpoint {
  /** Subprotocols on offer. */
  readonly protocols: ReadonlyMap<string, Protocol>
  /** Largest message in bytes; a larger one closes the connection with 1009. */
  readonly maxMessageSize: number
  /** Browser origins that may connect: `https://a.example`, or `*` for all. */
  readonly allowedOrigins: readonly string[]
  /** Pages of the same host may connect, whatever its name. Addresses always may. */
  readonly trustsHostNames: boolean
  /**
   * Counts a connection that has not come as far as open(); false where too many have no session.
   * WebSockets need it not: they are counted from open() on.
   */
  enter(connection: object): boolean
  /** It goes no further, or on to open(). */
  leave(connection: object): void
  open(connection: Connection, protocol: string): Receiver
}

/** What is served below one port; the router gives it. */
export interface Site {
  /** It takes connections: the router is not going down. */
  readonly isOpen: boolean
  /** The largest message of all its endpoints in bytes. */
  readonly maxMessageSize: number
  /** How messages to WebSocket clients are compressed, where they take it. */
  readonly compression: Compression
  /** Messages of fewer bytes are not. */
  readonly compressionThreshold: number
  /** Sockets that a port may have, whatever they are good for: each may be a session, or come to one. */
  readonly maxSockets: number
  /** How long a connection may take to say what it wants: ms. */
  readonly handshakeTimeout: number
  /** Whose word on the addresses of clients is taken. */
  readonly trusted: Trusted
  /** Notes that something was refused, or went wrong. */
  count(what: Counted): void
  /** Where something is served. */
  readonly paths: readonly string[]
  /** The endpoint for WebSockets at a path. */
  websocket(path: string): Endpoint | undefined
  /** The endpoint for connections that speak RawSocket, where the port takes them. */
  readonly rawsocket: Endpoint | undefined
  /** The endpoint for connections that are bytes of another protocol, and what their kind is called. */
  readonly stream: { readonly endpoint: Endpoint; readonly kind: string } | undefined
  /** Clients need new HTTP requests to go on with what they have: the port stays until it is closed. */
  readonly needsPort: boolean
  /** Answers an HTTP request that asks for no upgrade. */
  handle(
    request: IncomingMessage,
    response: ServerResponse,
    source: Source,
    next?: () => void,
  ): void
}

/** Answers requests; what is at none of its paths goes to `next`, where there is one. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: () => void,
) => void

export interface Address {
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** A unix socket in place of host and port. */
  readonly socket?: UnixSocket | undefined
  readonly tls?: TlsFiles | undefined
  /** Each connection must begin with a header of the PROXY protocol, and come from a trusted proxy. */
  readonly proxyProtocol?: boolean | undefined
}

/** Where connections come in. */
export interface Door {
  /** Takes no new connections; those that are open stay until closed. */
  stop(): void
  /** Resolves when the port is free. Open connections are cut off. */
  close(): Promise<void>
}

/** A port of the router's own. */
export interface Listener extends Door {
  /** 0 for a unix socket. */
  readonly port: number
  /** The transport's name, for the log. */
  readonly transport: string
  /**
   * Reads the certificate, which may have other files now, and takes up the site's limit on
   * messages, for connections that come from now on. Throws a ListenError, and changes nothing,
   * where that cannot be.
   */
  renew(tls: TlsFiles | undefined): void
  /** Takes no new connections until `resume()`; absent where the server sees to that by itself. */
  pause?(): void
  resume?(): void
}

/** Opens a port. Rejects with a ListenError that says what is wrong. */
export type Listen = (address: Address, site: Site) => Promise<Listener>

/** A port that cannot be opened: in use, no permission, no such address, unusable certificate. */
export class ListenError extends Error {
  override name = 'ListenError'
}
