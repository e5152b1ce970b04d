import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Answers a browser that asks whether a page may send a request by `method`. Where it names no
 * headers it hears of these.
 */
export function answerPreflight(
  request: IncomingMessage,
  response: ServerResponse,
  method: string,
  headers: string,
): void {
  response.writeHead(204, {
    Allow: `${method}, OPTIONS`,
    'Access-Control-Allow-Methods': method,
    'Access-Control-Allow-Headers': request.headers['access-control-request-headers'] ?? headers,
    'Access-Control-Max-Age': '600',
  })
  response.end()
}
