import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerText } from './text-answer.ts'

/** What people see who open the path in a browser. */
export function pageOf(path: string, protocols: Iterable<string>): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>wampd</title>
<h1>wampd</h1>
<p>A WAMP v2 router runs here. Connect a client by WebSocket to <code>${path}</code>.
<p>Subprotocols: <code>${[...protocols].join('</code>, <code>')}</code>.
</html>
`
}

/** Answers people with the page, and other requests with an error. */
export function answerPage(
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  protocols: Iterable<string>,
): void {
  if (request.method !== 'GET') {
    response.setHeader('Allow', 'GET')
    answerText(response, 405, 'only GET is for here')
  } else {
    response.setHeader('Content-Type', 'text/html; charset=utf-8')
    response.end(pageOf(path, protocols))
  }
}
