import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isSame } from '../auth/same.ts'
import { isOfThisMachine } from '../base/network.ts'
import { Problem } from '../gateway/bridge/problem.ts'
import { AUTHENTICATION_DENIED, INVALID_ARGUMENT } from '../protocol/errors.ts'
import { openAt } from '../transport/open.ts'
import { pathOf } from '../transport/request-path.ts'
import { answerText } from '../transport/text-answer.ts'
import { ListenError } from '../transport/transport.ts'
import { API, apiHandler, refuse } from './api.ts'
import type { AdminHouse } from './operation.ts'

/** Time that a request has to come in whole. Milliseconds. */
const TIMEOUT = 10_000

/** Connections at a time: people, probes and collectors of metrics. */
const MAX_CONNECTIONS = 256

export interface AdminOptions {
  readonly host: string
  readonly port: number
  /** What lets somebody in; without it a random one. */
  readonly token?: string | undefined
}

/** An endpoint for those who run the router. */
export interface Admin {
  /** Where its page is, without the token. */
  readonly url: string
  /** The same, with the token behind `#`, which browsers keep to themselves. It is a secret. */
  readonly link: string
  /** Another token lets in from now on; without one it stays as it is. */
  renew(token: string | undefined): void
  /** Cuts off who is there; resolves when the port is free. */
  close(): Promise<void>
}

/** Opens an admin endpoint. Rejects with a ListenError. */
export async function serveAdmin(house: AdminHouse, options: AdminOptions): Promise<Admin> {
  if (options.token === undefined && !isOfThisMachine(options.host)) {
    throw new ListenError(`${options.host} can be reached from elsewhere: give a token`)
  }
  let { token = randomBytes(24).toString('base64url') } = options
  const api = apiHandler(house)
  const server = createServer(
    { requestTimeout: TIMEOUT, headersTimeout: TIMEOUT, maxHeaderSize: 16_384 },
    (request, response) => {
      response.setHeader('X-Content-Type-Options', 'nosniff')
      response.setHeader('X-Frame-Options', 'DENY')
      response.setHeader('Referrer-Policy', 'no-referrer')
      const path = pathOf(request)
      if (path === '/healthz') answerText(response, 200, 'ok')
      else if (path === '/readyz') answerReady(house, response)
      else if (path === API || path.startsWith(`${API}/`)) {
        if (isAllowed(request, token)) api(request, response)
        else {
          response.setHeader('WWW-Authenticate', 'Bearer realm="wampd"')
          const text = 'a token is needed: Authorization: Bearer TOKEN'
          refuse(response, new Problem(AUTHENTICATION_DENIED, text, 401))
        }
      } else refuse(response, new Problem(INVALID_ARGUMENT, 'nothing is here', 404))
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  const { host } = options
  const port = await openAt(server, { host, port: options.port })
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`
  return {
    url,
    get link() {
      return `${url}#${token}`
    },
    renew(wanted) {
      token = wanted ?? token
    },
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** For load balancers and orchestrators: whether new clients may be led here. */
function answerReady(house: AdminHouse, response: ServerResponse): void {
  const { ready, state } = house.status()
  if (ready) answerText(response, 200, 'ok')
  else answerText(response, 503, `not ready: ${state}`)
}

function isAllowed({ headers: { authorization = '' } }: IncomingMessage, token: string): boolean {
  const [, given] = /^Bearer +(\S+) *$/i.exec(authorization) ?? []
  return given !== undefined && isSame(given, token)
}
