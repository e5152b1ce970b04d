import type { ServerResponse } from 'node:http'

/** Answers a request with a line for people. Headers that are set already go with it. */
export function answerText(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}
