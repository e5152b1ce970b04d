import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import type { ConfigInput } from '../../src/config/schema.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'

/** The token of the admin endpoints of these tests. */
export const TOKEN = 'a-token-of-the-tests'

/** A router with an admin page. */
export interface AdminWorld {
  readonly router: Router
  /** Where the page is. */
  readonly url: string
  /** Where WebSockets are. */
  readonly clients: string
  /** Has another token let in from now on. */
  renew(token: string): void
  /** Asks `/api` with the first token. */
  ask(path: string): Promise<{ rows: unknown[] }>
  /** Closes all; throws what the router logged as errors. */
  close(): Promise<void>
}

interface Wanted {
  /** Of the admin endpoint. */
  readonly port?: number
  readonly token?: string
  readonly realms?: readonly string[]
}

function configOf({ port = 0, token = TOKEN, realms = ['realm1'] }: Wanted): ConfigInput {
  const allow = { publish: true, subscribe: true, call: true, register: true }
  const permissions = [{ uri: '', match: 'prefix' as const, allow }]
  const roles = [
    { name: 'guest', permissions },
    { name: 'nobody', permissions: [] },
  ]
  return {
    version: 1,
    realms: realms.map(name => ({ name, roles })),
    authenticators: { guests: { anonymous: { role: 'guest' } } },
    transports: [{ type: 'websocket', endpoint: { port: 0 }, auth: ['guests'] }],
    admin: { endpoint: { port }, token },
  }
}

/** Opens a router with an admin page. */
export async function openAdmin(wanted: Wanted = {}): Promise<AdminWorld> {
  const log = errorLog()
  const router = createRouter({ ...configOf(wanted), logger: log })
  const [listening] = await router.start()
  return {
    router,
    url: router.status().admin as string,
    clients: listening?.url as string,
    renew: token => {
      router.reload(configOf({ ...wanted, token }))
    },
    async ask(path) {
      const headers = { Authorization: `Bearer ${TOKEN}` }
      const response = await fetch(`${router.status().admin}api${path}`, { headers })
      return (await response.json()) as { rows: unknown[] }
    },
    async close() {
      await router.close({ grace: 100 })
      if (log.errors.length > 0) throw new Error(log.errors.join('\n'))
    },
  }
}

/**
 * What a page says that it should not: its errors and warnings, and what its policy forbids. A browser
 * tells as errors too what the router answers with a problem; of those the ones that a test is about are
 * allowed.
 */
export function faultsOf(page: Page, allowed: readonly RegExp[] = []): string[] {
  const faults: string[] = []
  const note = (text: string) => {
    if (!allowed.some(one => one.test(text))) faults.push(text)
  }
  page.on('pageerror', error => note(error.stack ?? error.message))
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type()))
      note(`${message.text()} ${message.location().url}`)
  })
  return faults
}

const require = createRequire(import.meta.url)
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8')

interface Violation {
  readonly id: string
  readonly help: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** Resolves when all that moves has come to its end; what goes on for ever is left out. */
const SETTLED = `Promise.allSettled(document.getAnimations()
  .filter(({ effect }) => Number.isFinite(effect.getComputedTiming().endTime))
  .map(({ finished }) => finished))`

/** What keeps people from using what is shown now, as far as axe can tell. */
export async function barriersOf(page: Page): Promise<string[]> {
  // Colours are what they are to be once nothing fades in any more.
  await page.evaluate(SETTLED)
  await page.evaluate(axe)
  const violations = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] }).then(found => found.violations)',
  )) as Violation[]
  return violations.map(({ id, help, nodes }) => {
    const places = nodes.slice(0, 3).map(({ html, failureSummary = '' }) => {
      return `${html.slice(0, 200)} (${failureSummary.split('\n')[1]?.trim()})`
    })
    return `${id}: ${help}: ${places.join('; ')}`
  })
}

/** By how many pixels a page is wider than the window. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate('document.documentElement.scrollWidth - innerWidth')
}
