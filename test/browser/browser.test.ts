import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { expect } from 'chai'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import type { ConfigInput } from '../../src/config/schema.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import { chromium } from './chromium.ts'

const executable = chromium()
if (executable === undefined && process.env.CI) throw new Error('there is no Chromium')
if (executable === undefined) {
  console.log('browser tests do not run: no Chromium (apt-get install chromium, or set CHROMIUM)')
}

/** Names that lead to this machine, in the browser only. */
const NAMES = 'MAP friend.example 127.0.0.1, MAP foe.example 127.0.0.1'

function configOf(directory: string): ConfigInput {
  const allow = { publish: true, subscribe: true, call: true, register: true }
  const permissions = [
    { uri: '', match: 'prefix' as const, allow },
    // Streams that go on after a gap read the history with it.
    { uri: 'wamp.subscription.get_events', match: 'exact' as const, allow: { call: true } },
  ]
  const roles = [
    { name: 'guest', permissions },
    { name: 'user', permissions },
  ]
  const event_history = [{ uri: 'kept' }]
  const auth = ['guests', 'tickets']
  return {
    version: 1,
    realms: [{ name: 'realm1', roles, event_history }],
    authenticators: {
      guests: { anonymous: { role: 'guest' } },
      tickets: { ticket: { principals: { joe: { ticket: 'a secret of joe', role: 'user' } } } },
    },
    transports: [
      {
        id: 'web',
        type: 'web',
        endpoint: { port: 0 },
        auth,
        allowed_origins: ['http://friend.example:*'],
        paths: {
          '/': { static: { directory } },
          '/ws': { websocket: {} },
          '/lp': { longpoll: {} },
          '/stomp': { stomp: { realm: 'realm1' } },
          '/api': { bridge: { realm: 'realm1' } },
        },
      },
      // Where pages of other origins come from.
      {
        id: 'elsewhere',
        type: 'web',
        endpoint: { port: 0 },
        auth,
        paths: { '/': { static: { directory } } },
      },
    ],
  }
}

// Where it does not run, the reason was printed.
if (executable !== undefined) {
  describe('pages in Chromium', () => {
    let browser: Browser
    let router: Router
    let page: Page
    let host: string
    let elsewhere: number
    const folder = mkdtempSync(join(tmpdir(), 'wampd-browser-'))
    const log = errorLog()

    before(async function () {
      this.timeout(60_000)
      const require = createRequire(import.meta.url)
      const stomp = join(dirname(require.resolve('@stomp/stompjs')), 'stomp.umd.min.js')
      cpSync(stomp, join(folder, 'stomp.js'))
      cpSync(require.resolve('autobahn-browser/autobahn.min.js'), join(folder, 'autobahn.js'))
      for (const name of ['index.html', 'page.js']) {
        cpSync(resolve('test/browser', name), join(folder, name))
      }
      router = createRouter({ ...configOf(folder), logger: log })
      const [web, other] = (await router.start()).map(({ port }) => port)
      host = `127.0.0.1:${web}`
      elsewhere = other as number
      const session = router.session('realm1')
      await session.register('of.the.router', ([x]) => x)
      await session.register('who', (_, __, { caller_authid }) => [caller_authid])
      // As root Chromium does not run in its sandbox.
      const args = [
        `--host-resolver-rules=${NAMES}`,
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ]
      browser = await playwright.launch({ executablePath: executable, args })
    })
    after(async () => {
      await browser?.close()
      await router.close({ grace: 100 })
      rmSync(folder, { recursive: true })
      expect(log.errors).deep.equal([])
    })

    const open = async (url: string) => {
      page = await browser.newPage()
      await page.goto(url)
    }
    /** Has the page do something; gives what comes of it, or the message of the error. */
    // biome-ignore lint/suspicious/noExplicitAny: each has a form of its own
    const run = (test: string, ...args: unknown[]): Promise<any> =>
      page.evaluate(
        `tests.${test}(...${JSON.stringify(args)}).catch(error => 'failed: ' + error.message)`,
      )

    afterEach(() => page.close())

    describe('of the router itself', () => {
      beforeEach(() => open(`http://${host}/`))

      const transports = () => [
        { type: 'websocket', url: `ws://${host}/ws` },
        { type: 'longpoll', url: `http://${host}/lp` },
      ]
      for (const i of [0, 1]) {
        it(`use Autobahn|JS over ${['WebSocket', 'long-poll'][i]}`, async () => {
          expect(await run('wamp', transports()[i])).deep.equal({
            event: [[1, 'grüß 🦀'], { k: null }],
            sum: 5,
            other: 'x',
          })
        })
      }

      it('use stompjs', async () => {
        expect(await run('stomp', `ws://${host}/stomp`)).equal('by STOMP')
      })

      it('use fetch and EventSource with the HTTP bridge', async () => {
        expect(await run('post', '/api/call/of.the.router', [[1]])).deep.equal({
          status: 200,
          body: [[1]],
        })
        expect(await run('events', '/api', 'a.topic')).deep.equal({
          ...{ topic: 'a.topic', args: [1], isIdOfPublication: true },
        })
        expect(await run('post', '/api/call/nobody', [])).nested.include({
          status: 404,
          'body.error': 'wamp.error.no_such_procedure',
        })
      })

      it('miss no event when a stream ends, where the realm keeps them', async () => {
        const session = router.session('realm1')
        const publish = (i: number) => session.publish('kept', [i], {}, { acknowledge: true })
        const heard = () => page.evaluate('tests.heard') as Promise<number[]>
        expect(await run('listen', '/api', 'kept')).equal(true)
        await publish(1)
        for (let i = 0; i < 100 && (await heard()).length < 1; i++) await page.waitForTimeout(10)
        const streams = await session.call<number[]>('wamp.session.list', [['guest']])
        for (const id of streams) await session.call('wamp.session.kill', [id])
        // Soon it is there again: what the router has at a moment would tell nothing.
        await page.waitForFunction('tests.ends > 0')
        await publish(2)
        for (let i = 0; i < 300 && (await heard()).length < 2; i++) await page.waitForTimeout(10)
        await publish(3)
        for (let i = 0; i < 100 && (await heard()).length < 3; i++) await page.waitForTimeout(10)
        expect(await heard()).deep.equal([1, 2, 3])
        session.close()
      })
    })

    describe('of an origin that may come', () => {
      beforeEach(() => open(`http://friend.example:${elsewhere}/`))

      it('use the bridge, with credentials', async () => {
        const headers = { Authorization: `Basic ${btoa('joe:a secret of joe')}` }
        const url = `http://${host}/api/call/who?disclose_me=true`
        expect(await run('post', url, [], headers)).deep.equal({ status: 200, body: [['joe']] })
        expect(await run('events', `http://${host}/api`, 'b.topic')).include({ topic: 'b.topic' })
      })

      it('use Autobahn|JS', async () => {
        const transport = { type: 'websocket', url: `ws://${host}/ws` }
        expect(await run('wamp', transport)).include({ sum: 5 })
      })
    })

    describe('of an origin that may not', () => {
      beforeEach(() => open(`http://foe.example:${elsewhere}/`))

      it('get nowhere', async () => {
        const before = router.status().counters.refused_origins
        const websocket = { type: 'websocket', url: `ws://${host}/ws` }
        const longpoll = { type: 'longpoll', url: `http://${host}/lp` }
        for (const transport of [websocket, longpoll]) {
          expect(await run('wamp', transport)).match(/^failed: /)
        }
        expect(await run('post', `http://${host}/api/publish/a`, [])).match(/^failed: /)
        // Not even a simple request, which browsers send without asking first.
        const headers = { 'Content-Type': 'text/plain' }
        expect(await run('post', `http://${host}/api/publish/a`, [], headers)).match(/^failed: /)
        expect(router.status().counters.refused_origins).greaterThan(before + 2)
      })
    })
  })
}
