import type { IncomingMessage } from 'node:http'

/** The path of a request, without its query, as it was sent. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/[?#].*$/s, '')
}
