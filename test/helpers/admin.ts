import type { Router } from '../../src/router.ts'
import { ask, type HttpAnswer } from './poll-client.ts'

/** An admin endpoint, as who has its token sees it. */
export interface AdminClient {
  readonly url: string
  readonly token: string
  get(path: string, headers?: Record<string, string>): Promise<HttpAnswer>
  /** An answer of `/api`. */
  // biome-ignore lint/suspicious/noExplicitAny: each operation has an answer of its own
  api(path: string): Promise<any>
}

/** Opens a router's admin endpoint on a free port. Each request has a connection of its own. */
export async function openAdmin(router: Router): Promise<AdminClient> {
  const { url, link } = await router.serveAdmin({ port: 0 })
  const token = link.slice(link.indexOf('#') + 1)
  const get = (path: string, headers: Record<string, string> = {}) =>
    ask('GET', `${url}${path}`, '', { authorization: `Bearer ${token}`, ...headers })
  return {
    ...{ url, token, get },
    api: async path => JSON.parse((await get(`api/${path}`)).body.toString()),
  }
}
