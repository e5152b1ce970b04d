import type { ServerResponse } from 'node:http'

/**
 * Answers a request with a line for people, or with none. Headers that are set already go with it. An
 * application may have answered in the meantime, as it does when it finds that a request takes too long.
 */
export function answerText(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return
  if (text === '') response.writeHead(status, status === 204 ? {} : { 'Content-Length': 0 }).end()
  else {
    response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
    response.end(`${text}\n`)
  }
}
