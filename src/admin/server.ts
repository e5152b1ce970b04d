import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { isOfThisMachine } from '../base/network.ts'
import { ADMIN_TOKEN, ADMIN_TOKEN_FORM } from '../config/admin-keys.ts'
import { answerProblem } from '../gateway/bridge/problem.ts'
import { openAt } from '../transport/open.ts'
import { pathOf } from '../transport/request-path.ts'
import { answerText } from '../transport/text-answer.ts'
import { ListenError } from '../transport/transport.ts'
import { API, apiHandler } from './api.ts'
import { Guard } from './guard.ts'
import { metricsHandler } from './metrics.ts'
import type { AdminHouse } from './operation.ts'
import { pageHandler } from './page.ts'

/** Time that a request has to come in whole. Milliseconds. */
const TIMEOUT = 10_000

/** Connections at a time: people, probes and collectors of metrics. */
const MAX_CONNECTIONS = 256

export interface AdminOptions {
  readonly host: string
  readonly port: number
  /** What lets somebody in; without it a random one. */
  readonly token?: string | undefined
  /** `/metrics` asks for no token. Default false. */
  readonly openMetrics?: boolean | undefined
  /** See TIMEOUT. */
  readonly timeout?: number
}

/** An endpoint for those who run the router. */
export interface Admin {
  /** Where its page is, without the token. */
  readonly url: string
  /** The same, with the token behind `#`, which browsers keep to themselves. It is a secret. */
  readonly link: string
  /** Another token lets in from now on, and the like; what is left out stays as it is. */
  change(options: Pick<AdminOptions, 'token' | 'openMetrics'>): void
  /** Cuts off who is there; resolves when the port is free. */
  close(): Promise<void>
}

/** What is at a path; of `/api` below it, too. */
interface Route {
  readonly at: string
  /** No token is needed. */
  readonly isOpen: boolean
  readonly answer: RequestListener
}

/** Opens an admin endpoint. Rejects with a ListenError. */
export async function serveAdmin(house: AdminHouse, options: AdminOptions): Promise<Admin> {
  if (options.token === undefined && !isOfThisMachine(options.host)) {
    throw new ListenError(`${options.host} can be reached from elsewhere: give a token`)
  }
  if (options.token !== undefined && !ADMIN_TOKEN.test(options.token)) {
    throw new ListenError(`the token of the admin endpoint is to be ${ADMIN_TOKEN_FORM}`)
  }
  const guard = new Guard(house, options.token)
  const { timeout = TIMEOUT } = options
  let { openMetrics = false } = options
  const routes: readonly Route[] = [
    { at: '/healthz', isOpen: true, answer: (_, response) => answerText(response, 200, 'ok') },
    { at: '/readyz', isOpen: true, answer: (_, response) => answerReady(house, response) },
    {
      at: '/metrics',
      get isOpen() {
        return openMetrics
      },
      answer: metricsHandler(house),
    },
    { at: API, isOpen: false, answer: apiHandler(house) },
  ]
  const page: Route = { at: '', isOpen: true, answer: pageHandler(house) }
  const server = createServer(
    {
      ...{ requestTimeout: timeout, headersTimeout: timeout, maxHeaderSize: 16_384 },
      // By default Node looks twice a minute.
      connectionsCheckingInterval: timeout / 5,
    },
    (request, response) => {
      response.setHeader('X-Content-Type-Options', 'nosniff')
      response.setHeader('X-Frame-Options', 'DENY')
      response.setHeader('Referrer-Policy', 'no-referrer')
      const path = pathOf(request)
      const route =
        routes.find(({ at }) => at === path || (at === API && path.startsWith(`${API}/`))) ?? page
      const { remoteAddress = '' } = request.socket
      const objection = route.isOpen
        ? undefined
        : guard.objection(remoteAddress, request.headers.authorization)
      if (objection === undefined) route.answer(request, response)
      else {
        if (objection.status === 401) {
          response.setHeader('WWW-Authenticate', 'Bearer realm="wampd"')
        }
        answerProblem(response, objection)
      }
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  const { host } = options
  const port = await openAt(server, { host, port: options.port })
  server.on('error', error => house.log.warn({ err: error }, 'admin: the port failed'))
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/`
  return {
    url,
    get link() {
      return `${url}#${guard.token}`
    },
    change(wanted) {
      guard.token = wanted.token ?? guard.token
      openMetrics = wanted.openMetrics ?? openMetrics
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
