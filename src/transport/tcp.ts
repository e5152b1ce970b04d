import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { limitSockets, openAt, socketsOf, WATCHED } from './open.ts'
import { Peers } from './peers.ts'
import { Certificates, dropBadHandshakes } from './tls.ts'
import type { Listen, Site } from './transport.ts'

/** A transport of one protocol on TCP, TLS or a unix socket, on Node's own sockets. */
export function listenTcp(serve: (socket: Socket, site: Site, remote: string) => void): Listen {
  return async (address, site) => {
    const { tls } = address
    const peers = new Peers(address)
    const certificates = new Certificates()
    const options = {
      allowHalfOpen: true,
      noDelay: true,
      ...WATCHED,
    }
    const server: Server =
      tls === undefined
        ? createServer(options)
        : createTlsServer({ ...certificates.options(tls, site.handshakeTimeout), ...options })
    server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) =>
      serve(socket, site, peers.of(socket)),
    )
    dropBadHandshakes(server, site)
    if (address.proxyProtocol) peers.behindProxy(server, site)
    const open = socketsOf(server)
    limitSockets(server, site)
    const port = await openAt(server, address)
    let closed: Promise<void> | null = null
    const stop = () => {
      closed ??= new Promise(resolve => server.close(() => resolve()))
    }
    return {
      port,
      transport: 'node',
      stop,
      renew(files) {
        server.maxConnections = site.maxSockets
        if (files !== undefined) certificates.renew(server as TlsServer, files)
      },
      async close() {
        stop()
        for (const socket of open) socket.destroy()
        await closed
      },
    }
  }
}
