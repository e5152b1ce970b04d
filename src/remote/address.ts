import { printable } from '../config/problem.ts'
import { RemoteError } from './remote-error.ts'

/** Where a router is, and by which transport it is spoken to. */
export type Address =
  | { readonly transport: 'websocket'; readonly url: string; readonly path?: string }
  | { readonly transport: 'rawsocket'; readonly path: string; readonly isSecure: false }
  | {
      readonly transport: 'rawsocket'
      readonly host: string
      readonly port: number
      readonly isSecure: boolean
    }

const FORMS = 'ws://, wss://, ws+unix:PATH:/ws, rs://HOST:PORT, rss://HOST:PORT or rs+unix:PATH'

/**
 * Reads a URL of a router: `ws:`, `wss:`, `rs:` and `rss:`; for unix sockets `ws+unix:/run/wampd.sock:/ws`, as
 * the library `ws` has it, and `rs+unix:/run/wampd.sock` or `rs://unix:/run/wampd.sock`, as Autobahn has it.
 * Throws a RemoteError that says what is wrong with it.
 */
export function addressIn(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const read = url === undefined ? undefined : SCHEMES[url.protocol]
  if (url === undefined || read === undefined) {
    throw fault(`${printable(text)} is no URL of a router: ${FORMS}`)
  }
  if (url.username !== '' || url.password !== '') throw fault('a URL holds no password here')
  if (url.hash !== '') throw fault(`${printable(text)} has a fragment, which means nothing`)
  return read(url, printable(text))
}

const SCHEMES: Readonly<Record<string, (url: URL, text: string) => Address>> = {
  'ws:': ({ href }) => ({ transport: 'websocket', url: href }),
  'wss:': ({ href }) => ({ transport: 'websocket', url: href }),
  'ws+unix:'(url, text) {
    const [path = '', at = '/', ...others] = decoded(url.pathname, text).split(':')
    if (path === '' || url.host !== '' || others.length > 0) {
      throw fault(`${text} is not of the form ws+unix:/run/wampd.sock:/ws`)
    }
    return { transport: 'websocket', url: `ws://localhost${at}${url.search}`, path }
  },
  'rs:': (url, text) => rawSocket(url, text, false),
  'rss:': (url, text) => rawSocket(url, text, true),
  'rs+unix:'(url, text) {
    const path = decoded(url.pathname, text)
    if (path === '' || url.host !== '') {
      throw fault(`${text} is not of the form rs+unix:/run/wampd.sock`)
    }
    return { transport: 'rawsocket', path, isSecure: false }
  },
}

function rawSocket(url: URL, text: string, isSecure: boolean): Address {
  const { hostname, port, pathname } = url
  const hasPath = pathname !== '' && pathname !== '/'
  if (hostname === 'unix' && hasPath && !isSecure) {
    return { transport: 'rawsocket', path: decoded(pathname, text), isSecure }
  }
  if (hasPath || url.search !== '') throw fault(`${text} has a path, and RawSocket has none`)
  if (hostname === '' || port === '') throw fault(`${text} names no host and port`)
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return { transport: 'rawsocket', host, port: Number(port), isSecure }
}

function decoded(path: string, text: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    throw fault(`${text} has a % without two hex digits behind it`)
  }
}

function fault(text: string): RemoteError {
  return new RemoteError('address', text)
}
