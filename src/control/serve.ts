import { createServer, type Server } from 'node:http'
import { type Clock, systemClock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { listenOnSocket, SocketInUse } from '../base/unix-socket.ts'
import { ControlError } from './control-error.ts'
import { controlHandler } from './handler.ts'
import { prepareFolder } from './path.ts'
import type { Controlled } from './verbs.ts'

/** Time that a request has to come in whole, and an answer to go out at the end: milliseconds. */
const TIMEOUT = 5000

/** A few people at a time. */
const MAX_CONNECTIONS = 16

export interface ControlOptions {
  readonly log: Log
  readonly clock?: Clock
  /** See TIMEOUT. */
  readonly timeout?: number
}

/** A socket by which a router is controlled. */
export interface ControlSocket {
  readonly path: string
  /** Takes no more requests; resolves when those under way are answered, or were cut off. */
  close(): Promise<void>
}

/**
 * Lets the user whom this process runs as control a router by a unix socket. One that nobody answers
 * at is replaced. Rejects with a ControlError that says what is wrong; the router need not mind.
 */
export async function serveControl(
  router: Controlled,
  path: string,
  { log, clock = systemClock, timeout = TIMEOUT }: ControlOptions,
): Promise<ControlSocket> {
  prepareFolder(path)
  const server = createServer(
    {
      requestTimeout: timeout,
      headersTimeout: timeout,
      connectionsCheckingInterval: timeout / 5,
      maxHeaderSize: 8192,
    },
    controlHandler(router, log, clock),
  )
  server.maxConnections = MAX_CONNECTIONS
  await listenOnSocket(server, { path }).catch(error => {
    const isTaken = error instanceof SocketInUse
    throw new ControlError(
      isTaken ? `another router is controlled by ${path}` : `${path}: ${error.message}`,
    )
  })
  server.on('error', error => log.warn({ err: error }, 'control: the socket failed'))
  return { path, close: () => close(server, clock, timeout) }
}

function close(server: Server, clock: Clock, timeout: number): Promise<void> {
  return new Promise(resolve => {
    const timer = clock.after(timeout, () => server.closeAllConnections())
    server.close(() => {
      timer.cancel()
      resolve()
    })
  })
}
