import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { shipped } from '../config/shipped.ts'
import { pathOf } from '../transport/request-path.ts'
import { answerText } from '../transport/text-answer.ts'
import type { AdminHouse } from './operation.ts'

/** All that the page may do: run its own script, and ask where it comes from. */
const POLICY = [
  "default-src 'self'",
  ...["base-uri 'none'", "object-src 'none'", "frame-ancestors 'none'", "form-action 'none'"],
].join('; ')

/** Answers with files of the admin page, which asks `/api` for all that it shows. */
export function pageHandler({ log }: Pick<AdminHouse, 'log'>): RequestListener {
  return (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('Allow', 'GET, HEAD')
      answerText(response, 405, 'only GET and HEAD are for here')
      return
    }
    serve(request, response).catch(error => {
      // A browser that hangs up while it reads is no fault of ours.
      if (response.destroyed) return
      log.error({ err: error }, 'a file of the admin page could not be served')
      if (response.headersSent) response.destroy()
      else answerText(response, 500, 'the file could not be read')
    })
  }
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request) === '/' ? '/index.html' : pathOf(request)
  // Names with a hash change with what is in the file. The page itself names them: it is never kept.
  const isKept = /-[A-Z0-9]{8}\.(js|css)$/.test(path)
  // Loaded where it is needed only: it takes a while.
  const { default: send } = await import('@fastify/send')
  const found = await send(request, path, {
    root: shipped('dist/page'),
    index: false,
    cacheControl: false,
    etag: isKept,
    lastModified: isKept,
  })
  if (found.type !== 'file') {
    answerText(response, 404, 'nothing is here')
    return
  }
  response.setHeader('Content-Security-Policy', POLICY)
  response.setHeader('Cache-Control', isKept ? 'max-age=31536000, immutable' : 'no-store')
  response.writeHead(found.statusCode, found.headers)
  await pipeline(found.stream, response)
}
