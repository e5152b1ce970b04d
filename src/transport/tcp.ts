import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { connectionEvent, openPort, WATCHED } from './node-port.ts'
import { Peers } from './peers.ts'
import { Certificates } from './tls.ts'
import type { Listen, Site } from './transport.ts'

/** A transport of one protocol on TCP, TLS or a unix socket, on Node's own sockets. */
export function listenTcp(serve: (socket: Socket, site: Site, remote: string) => void): Listen {
  return async (address, site) => {
    const { tls } = address
    const peers = new Peers(address)
    const certificates = new Certificates()
    const options = { allowHalfOpen: true, noDelay: true, ...WATCHED }
    const server: Server =
      tls === undefined
        ? createServer(options)
        : createTlsServer({ ...certificates.options(tls, site.handshakeTimeout), ...options })
    server.on(connectionEvent(address), (socket: Socket) => serve(socket, site, peers.of(socket)))
    const { port, stop, renew, close } = await openPort(server, address, site, peers, certificates)
    return { port, transport: 'node', stop, renew, close }
  }
}
