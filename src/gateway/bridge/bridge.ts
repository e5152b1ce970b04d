import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { TLSSocket } from 'node:tls'
import { isSame } from '../../auth/same.ts'
import type { Source } from '../../base/client-address.ts'
import type { Clock } from '../../base/clock.ts'
import type { Counters } from '../../base/counters.ts'
import type { Log } from '../../base/log.ts'
import {
  AUTHENTICATION_DENIED,
  INTERNAL_ERROR,
  INVALID_ARGUMENT,
  LIMIT_EXCEEDED,
  ORIGIN_REFUSED,
  PAYLOAD_SIZE_EXCEEDED,
  PROTOCOL_VIOLATION,
  UNAVAILABLE,
} from '../../protocol/errors.ts'
import type { Dict } from '../../protocol/payload.ts'
import type { Entrance } from '../../site/entrance.ts'
import { isOriginAllowed } from '../../transport/allowed-origin.ts'
import { readBody } from '../../transport/body.ts'
import { answerPreflight } from '../../transport/preflight.ts'
import { certificateOfClient } from '../../transport/tls.ts'
import { claimOf, proofWith } from '../credentials.ts'
import { INNER_PROTOCOL, type Prove } from '../inner.ts'
import { Accept } from './accept.ts'
import { claimIn, SIGNED, type Signed, signedText } from './claim.ts'
import { type KeepTerms, KeptSessions, type Lease } from './kept.ts'
import { Occupancy } from './occupancy.ts'
import { operations } from './operations.ts'
import { answerProblem, Problem } from './problem.ts'
import { Replays } from './replays.ts'
import { type Asked, asked, type Route, routeAt } from './routes.ts'
import { HttpSession, type Sink, type Way } from './session.ts'

/** What a bridge asks of the router. */
export interface BridgeHouse {
  readonly clock: Clock
  readonly log: Log
  readonly counters: Counters
}

/** What a reload may change. Times are milliseconds. */
export interface BridgeTerms extends KeepTerms {
  readonly realm: string
  /** Requests, streams of events among them, that may be open at a time. */
  readonly maxRequests: number
  /** Those of one address; 0 is no limit. Addresses of this machine have none. */
  readonly maxRequestsPerAddress: number
  /** A stream that has nothing to tell shows this often that it is there. */
  readonly heartbeat: number
}

/** A request that has come as far as to have its operation done. */
export interface Job extends Asked {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly body: Uint8Array
  readonly accept: Accept
  readonly terms: BridgeTerms
  readonly clock: Clock
  /** Where the bridge is. */
  readonly path: string
  /** The client's session, for the time of the request. */
  lease(): Promise<Lease>
  /** A session of the request's own; resolves when it stands. */
  session(sink: Sink, ended: (problem: Problem) => void): Promise<HttpSession>
}

/** How a request proves who it comes from. */
interface Identity {
  /** What its session is kept by. */
  readonly key: string
  readonly details: Dict
  readonly prove: Prove
}

/** Bodies that may be in memory at a time, in the largest that there may be: beyond, requests are cut off. */
const MAX_BODIES = 64

/** HTTP requests as publications, calls and subscriptions (docs/gateways.md), below one path. */
export class Bridge {
  readonly #house: BridgeHouse
  readonly #entrance: Entrance
  readonly #path: string
  readonly #kept: KeptSessions
  readonly #replays: Replays
  readonly #streams = new Set<HttpSession>()
  terms: BridgeTerms
  readonly #open = new Occupancy()
  #bodies = 0

  constructor(house: BridgeHouse, entrance: Entrance, path: string, terms: BridgeTerms) {
    this.#house = house
    this.#entrance = entrance
    this.#path = path
    this.terms = terms
    this.#kept = new KeptSessions(house.clock, () => this.terms)
    this.#replays = new Replays(house.clock)
  }

  close(): void {
    this.#kept.close()
    for (const session of this.#streams) session.leave()
  }

  handle(request: IncomingMessage, response: ServerResponse, below: string, source: Source): void {
    response.setHeader('Cache-Control', 'no-store')
    response.setHeader('X-Content-Type-Options', 'nosniff')
    // An answer to a client that is gone is an error of its connection, not of ours.
    response.on('error', () => {})
    const found = routeAt(below)
    if (!this.#admit(request, response)) {
      this.#refuse(
        response,
        new Problem(ORIGIN_REFUSED, 'pages of this origin may not come here', 403),
      )
    } else if (found === undefined) {
      this.#refuse(response, new Problem(INVALID_ARGUMENT, 'nothing is here', 404))
    } else if (request.method === 'OPTIONS') {
      answerPreflight(request, response, found.route.method, 'authorization, content-type')
    } else if (request.method !== found.route.method) {
      response.setHeader('Allow', `${found.route.method}, OPTIONS`)
      this.#refuse(response, new Problem(INVALID_ARGUMENT, 'not by this method', 405))
    } else this.#take(request, response, found, source)
  }

  /** False where a page may not use the bridge. Browsers are told that others may. */
  #admit({ headers }: IncomingMessage, response: ServerResponse): boolean {
    const { origin, host = '' } = headers
    // A page of the same host sends no origin with GET, whatever that host's name leads to.
    if (!isOriginAllowed(origin ?? `http://${host}`, host, this.#entrance)) {
      this.#house.counters.count('refused_origins')
      return false
    }
    if (origin !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', origin)
      response.setHeader('Access-Control-Expose-Headers', 'Retry-After, WWW-Authenticate')
      response.setHeader('Vary', 'Origin')
    }
    return true
  }

  #take(
    request: IncomingMessage,
    response: ServerResponse,
    { route, rest }: { route: Route; rest: string },
    source: Source,
  ): void {
    const { maxRequests, maxRequestsPerAddress } = this.terms
    if (this.#open.all >= maxRequests) {
      this.#refuse(response, new Problem(UNAVAILABLE, 'too many requests are open'))
      return
    }
    if (maxRequestsPerAddress > 0 && this.#open.of(source.remote) >= maxRequestsPerAddress) {
      const text = 'too many requests of this address are open'
      this.#refuse(response, new Problem(LIMIT_EXCEEDED, text))
      return
    }
    this.#open.enter(source.remote)
    let size = 0
    const most = MAX_BODIES * this.#entrance.maxMessageSize
    request.on('data', (chunk: Uint8Array) => {
      size += chunk.length
      this.#bodies += chunk.length
      if (this.#bodies > most) request.destroy()
    })
    response.once('close', () => {
      this.#open.leave(source.remote)
      this.#bodies -= size
    })
    this.#serve(request, response, { route, rest }, source).catch(error =>
      this.#fail(response, error),
    )
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    { route, rest }: { route: Route; rest: string },
    source: Source,
  ): Promise<void> {
    const { url = '', headers, socket } = request
    const query = /\?([^#]*)/.exec(url)?.[1] ?? ''
    const wanted = asked(route, rest, query)
    const { authid, ...given } = wanted.given
    const claim = claimIn(headers.authorization, authid as string | undefined)
    const certificate = socket instanceof TLSSocket ? certificateOfClient(socket) : null
    const way: Omit<Way, 'protocol'> = {
      remote: source.remote,
      secure: source.secure ?? socket instanceof TLSSocket,
      certificate,
      open: connection => this.#entrance.open(connection, INNER_PROTOCOL),
    }
    const body = route.method === 'POST' ? await this.#body(request) : NOTHING
    const identity =
      claim.kind === 'signed'
        ? this.#identityOf(claim, signedText(request.method ?? '', url, claim, body), way.remote)
        : plainIdentity(claim, headers.authorization, way)
    const job: Job = {
      ...{ route, uri: wanted.uri, given, request, response, body },
      ...{ terms: this.terms, clock: this.#house.clock, path: this.#path },
      accept: new Accept(headers.accept),
      lease: () => this.#lease(identity, way),
      session: (sink, ended) => this.#stream(identity, way, sink, ended),
    }
    await operations[route.operation](job)
  }

  async #body(request: IncomingMessage): Promise<Uint8Array> {
    const { maxMessageSize } = this.#entrance
    const body = await readBody(request, maxMessageSize, this.#house.clock)
    if ('bytes' in body) return body.bytes
    const uri = body.status === 413 ? PAYLOAD_SIZE_EXCEEDED : PROTOCOL_VIOLATION
    throw new Problem(uri, body.text, body.status)
  }

  /**
   * Who has signed a request. The router knows the secret, and answers the challenge of WAMP-CRA in
   * the client's place; to a wrong signature it answers wrongly, so that it counts as an attempt.
   */
  #identityOf(signed: Signed, text: string, remote: string): Identity {
    const { authid, timestamp, signature } = signed
    const sources = this.#entrance.methods().filter(({ name }) => name === 'wampcra')
    const sign = (what: string) => {
      for (const source of sources) {
        const made = source.sign?.(authid, what)
        if (made !== undefined) return made
      }
      return ''
    }
    const details = { authid, authmethods: ['wampcra'] }
    const prove: Prove = ({ extra }) => ({ signature: sign(String(extra.challenge)) })
    const expected = sign(text)
    if (!isSame(signature, expected) || expected === '') {
      return { key: keyOf('forged', remote, text), details, prove: () => ({ signature: '' }) }
    }
    if (!this.#replays.isTimely(timestamp)) {
      throw new Problem(AUTHENTICATION_DENIED, 'the timestamp is over a minute off')
    }
    const isNew = this.#replays.isNew(signature)
    if (isNew === undefined) throw new Problem(UNAVAILABLE, 'too many signatures in a short time')
    if (!isNew) throw new Problem(AUTHENTICATION_DENIED, 'this signature was used before')
    return { key: keyOf('signed', remote, authid), details, prove }
  }

  #lease({ key, details, prove }: Identity, way: Omit<Way, 'protocol'>): Promise<Lease> {
    const { realm } = this.terms
    return this.#kept.lease(`${realm}\n${key}`, ended => {
      const fate = { ended, failed: (error: unknown) => this.#log(error) }
      const session = new HttpSession({ ...way, protocol: 'http' }, fate)
      return { session, joined: session.join(realm, details, prove) }
    })
  }

  async #stream(
    { details, prove }: Identity,
    way: Omit<Way, 'protocol'>,
    sink: Sink,
    ended: (problem: Problem) => void,
  ): Promise<HttpSession> {
    const fate = {
      ended: (problem: Problem) => {
        this.#streams.delete(session)
        ended(problem)
      },
      failed: (error: unknown) => this.#log(error),
    }
    const session = new HttpSession({ ...way, protocol: 'http.stream' }, fate, sink)
    this.#streams.add(session)
    await session.join(this.terms.realm, details, prove)
    return session
  }

  #fail(response: ServerResponse, error: unknown): void {
    if (error instanceof Problem) this.#refuse(response, error)
    else {
      this.#log(error)
      this.#refuse(response, new Problem(INTERNAL_ERROR, 'the bridge failed'))
    }
  }

  #log(error: unknown): void {
    this.#house.log.error({ err: error }, 'internal error')
  }

  #refuse(response: ServerResponse, problem: Problem): void {
    this.#house.counters.count('refused_requests')
    const { status } = problem
    if (!response.headersSent) {
      if (status === 401) response.setHeader('WWW-Authenticate', challengeOf(this.terms.realm))
      if (status === 429 || status === 503) response.setHeader('Retry-After', '1')
    }
    answerProblem(response, problem)
  }
}

const NOTHING = new Uint8Array(0)

/** Basic is taken, too, but for that browsers would ask their users for a password. */
function challengeOf(realm: string): string {
  // Headers do not take all that realms may be called.
  const name = encodeURI(realm)
  return `Bearer realm="${name}", ${SIGNED} realm="${name}"`
}

/** What comes from another address is of another client, though it has the same credentials. */
function plainIdentity(
  claim: Exclude<ReturnType<typeof claimIn>, { kind: 'signed' }>,
  header: string | undefined,
  { remote, certificate }: Omit<Way, 'protocol'>,
): Identity {
  const hasCertificate = certificate !== null
  if (claim.kind === 'none') {
    const credentials = { login: undefined, passcode: undefined, method: undefined }
    const key = keyOf('none', remote, JSON.stringify(certificate))
    return { key, details: claimOf({ ...credentials, hasCertificate }), prove: proofWith() }
  }
  const { authid: login, passcode } = claim
  const key = keyOf('passcode', remote, JSON.stringify([login, header]))
  const details = claimOf({ login, passcode, method: undefined, hasCertificate })
  return { key, details, prove: proofWith(passcode) }
}

/** A text that tells nothing of secrets. */
function keyOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64')
}
