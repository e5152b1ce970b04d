import { type ServerResponse, STATUS_CODES } from 'node:http'
import {
  AUTHENTICATION_DENIED,
  AUTHENTICATION_FAILED,
  AUTHORIZATION_FAILED,
  CANCELED,
  DISCLOSE_ME_DISALLOWED,
  FEATURE_NOT_SUPPORTED,
  INVALID_ARGUMENT,
  INVALID_URI,
  LIMIT_EXCEEDED,
  NO_AVAILABLE_CALLEE,
  NO_MATCHING_AUTH_METHOD,
  NO_SUCH_PRINCIPAL,
  NO_SUCH_PROCEDURE,
  NO_SUCH_REALM,
  NO_SUCH_ROLE,
  NOT_AUTHORIZED,
  PAYLOAD_SIZE_EXCEEDED,
  PROTOCOL_VIOLATION,
  RATE_EXCEEDED,
  STORE_FAILED,
  TIMEOUT,
  TOO_MANY_ATTEMPTS,
  UNAVAILABLE,
  UNTRANSLATABLE_PAYLOAD,
} from '../../protocol/errors.ts'
import type { ErrorMessage } from '../../protocol/messages.ts'
import { NO_PAYLOAD, type Payload } from '../../protocol/payload.ts'
import { jsonOf } from '../content.ts'
import { textOf } from '../inner.ts'

/** The HTTP status for a URI; docs/gateways.md has the same table. */
export const STATUSES: Readonly<Record<string, number>> = {
  [INVALID_ARGUMENT]: 400,
  [INVALID_URI]: 400,
  [PROTOCOL_VIOLATION]: 400,
  [AUTHENTICATION_DENIED]: 401,
  [NO_MATCHING_AUTH_METHOD]: 401,
  [NO_SUCH_PRINCIPAL]: 401,
  [NOT_AUTHORIZED]: 403,
  [NO_SUCH_ROLE]: 403,
  [DISCLOSE_ME_DISALLOWED]: 403,
  [NO_SUCH_PROCEDURE]: 404,
  [PAYLOAD_SIZE_EXCEEDED]: 413,
  [UNTRANSLATABLE_PAYLOAD]: 422,
  [TOO_MANY_ATTEMPTS]: 429,
  [LIMIT_EXCEEDED]: 429,
  [RATE_EXCEEDED]: 429,
  [FEATURE_NOT_SUPPORTED]: 501,
  [CANCELED]: 502,
  [AUTHENTICATION_FAILED]: 503,
  [AUTHORIZATION_FAILED]: 503,
  [NO_SUCH_REALM]: 503,
  [NO_AVAILABLE_CALLEE]: 503,
  [UNAVAILABLE]: 503,
  [STORE_FAILED]: 503,
  [TIMEOUT]: 504,
}

/** Sessions that end are to be tried anew; an application's own errors are no faults of a server. */
export function statusOf(uri: string): number {
  const known = STATUSES[uri]
  if (known !== undefined) return known
  if (uri.startsWith('wamp.close.') || uri.startsWith('wampd.close.')) return 503
  return uri.startsWith('wamp.') || uri.startsWith('wampd.') ? 500 : 422
}

/** Why a request has no answer, as HTTP and WAMP say it. */
export class Problem extends Error {
  override name = 'Problem'
  readonly uri: string
  readonly status: number
  readonly payload: Payload

  constructor(uri: string, text: string, status: number = statusOf(uri), payload = NO_PAYLOAD) {
    super(text)
    this.uri = uri
    this.status = status
    this.payload = payload
  }

  /** The problem that an ERROR tells of. */
  static of(error: ErrorMessage): Problem {
    return new Problem(error.error, textOf(error), undefined, error.payload)
  }

  /**
   * Problem details in JSON (RFC 9457). The URI is a member of its own: as `type` it would be read
   * relative to the address of the request.
   */
  get body(): string {
    const { args, kwargs } = this.payload.open()
    return jsonOf({
      type: 'about:blank',
      title: STATUS_CODES[this.status] ?? '',
      status: this.status,
      ...(this.message === '' ? {} : { detail: this.message }),
      error: this.uri,
      ...(args === undefined || args.length === 0 ? {} : { args }),
      ...(kwargs === undefined ? {} : { kwargs }),
    })
  }
}

/** Answers with a problem, where nothing was answered yet; an answer that has begun is cut off. */
export function answerProblem(response: ServerResponse, problem: Problem): void {
  if (response.writableEnded) return
  if (response.headersSent || response.destroyed) {
    response.destroy()
    return
  }
  response.writeHead(problem.status, { 'Content-Type': 'application/problem+json' })
  response.end(problem.body)
}

/** What the body of a problem is, in OpenAPI: among the schemas of the components. */
export const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'error'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    error: { type: 'string', description: 'The URI of the error in WAMP.' },
    args: { type: 'array' },
    kwargs: { type: 'object' },
  },
}

/** An answer that is one. */
export const FAILURE = {
  description: 'Why it could not be.',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}
