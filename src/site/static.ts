import { statSync } from 'node:fs'
import { realpath, stat } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, relative, sep } from 'node:path'
import { pipeline } from 'node:stream/promises'
import Type, { type Static } from 'typebox'
import { about, CLOSED, name, PATH } from '../base/keys.ts'
import { whyUnread } from '../base/why-unread.ts'
import { answerText } from '../transport/text-answer.ts'
import { ListenError } from '../transport/transport.ts'
import type { Place, Service, ServiceKind } from './service.ts'

const keys = Type.Object(
  {
    directory: name({
      ...PATH,
      ...about(
        'The folder whose files are served. Hidden files (`.name`) are not, nor what lies elsewhere ' +
          'and is linked to.',
        'live',
      ),
    }),
    index: Type.Optional(name(about('The file that stands for a folder.', 'live', 'index.html'))),
  },
  { ...CLOSED, ...about('Files.', 'new') },
)

type Keys = Static<typeof keys>

/** Files of a folder, below the path. */
export const staticKind: ServiceKind<Keys> = {
  name: 'static',
  keys,
  takesSessions: false,
  faults: ({ directory }) => {
    const text = whyNoFolder(directory)
    return text === undefined ? [] : [{ path: ['directory'], text }]
  },
  create(keys: Keys, { house, path }: Place): Service<Keys> {
    const reason = whyNoFolder(keys.directory)
    if (reason !== undefined) throw new ListenError(`${path}: ${keys.directory}: ${reason}`)
    let current = keys
    return {
      isDeep: true,
      handle(request, response, below) {
        if (request.method !== 'GET' && request.method !== 'HEAD') {
          response.setHeader('Allow', 'GET, HEAD')
          answerText(response, 405, 'only GET and HEAD are for here')
          return
        }
        serve(request, response, below, current).catch(error => {
          // A client that hangs up while it reads is no fault of ours.
          if (response.destroyed) return
          house.log.error({ err: error }, 'a file could not be served')
          if (response.headersSent) response.destroy()
          else answerText(response, 500, 'the file could not be read')
        })
      },
      change(keys) {
        current = keys
      },
      close() {},
    }
  },
}

/** Why a folder cannot be served; undefined where it can. */
function whyNoFolder(directory: string): string | undefined {
  try {
    return statSync(directory).isDirectory() ? undefined : 'is no folder'
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'no such folder' : whyUnread(error)
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  below: string,
  { directory, index = 'index.html' }: Keys,
): Promise<void> {
  const root = await realpath(directory)
  let file = await locate(root, decoded(below))
  if (file !== undefined && (await stat(file)).isDirectory()) {
    const last = (request.url ?? '').replace(/[?#].*$/s, '').replace(/^.*\//s, '')
    if (last !== '') {
      // Relative, so that it leads to no other host, and below whatever a proxy puts before.
      response.writeHead(301, { Location: `./${last}/` }).end()
      return
    }
    file = await locate(root, join(relative(root, file), index))
    if (file !== undefined && !(await stat(file)).isFile()) file = undefined
  }
  if (file === undefined) {
    answerText(response, 404, 'not found')
    return
  }
  const path = relative(root, file).split(sep).map(encodeURIComponent).join('/')
  // Loaded where it is needed only: it takes a while.
  const { default: send } = await import('@fastify/send')
  const found = await send(request, path, { root, index: false })
  response.setHeader('X-Content-Type-Options', 'nosniff')
  response.writeHead(found.statusCode, found.headers)
  await pipeline(found.stream, response)
}

/** The path in plain characters; undefined where it is no sound one. */
function decoded(path: string): string | undefined {
  try {
    const plain = decodeURIComponent(path)
    return /[\0\\]/.test(plain) ? undefined : plain
  } catch {
    return undefined
  }
}

/** The real path of what is there; undefined where nothing is, or nothing that may be seen. */
async function locate(root: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    // Wherever dots and links lead, only what lies in the folder is served.
    const real = await realpath(join(root, path))
    const parts = relative(root, real).split(sep)
    return parts.some(part => part.startsWith('.')) ? undefined : real
  } catch {
    return undefined
  }
}
