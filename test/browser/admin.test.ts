import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { eventually, hangUp, member } from '../helpers/raw-client.ts'
import { type AdminWorld, barriersOf, faultsOf, openAdmin, overhang, TOKEN } from './admin-page.ts'
import { chromium } from './chromium.ts'

const executable = chromium()
if (executable === undefined && process.env.CI) throw new Error('there is no Chromium')
if (executable === undefined) {
  console.log('tests of the admin page do not run: no Chromium (apt-get install chromium)')
}

const VIEWS = [
  ...['overview', 'realms', 'sessions', 'registrations', 'subscriptions'],
  ...['slow', 'trace', 'console'],
]

// Where it does not run, the reason was printed.
if (executable !== undefined) {
  describe('the admin page', function () {
    this.timeout(30_000)
    let browser: Browser
    let world: AdminWorld
    let page: Page
    let faults: string[]

    before(async () => {
      // As root Chromium does not run in its sandbox.
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
      browser = await playwright.launch({ executablePath: executable, args })
    })
    after(() => browser?.close())
    beforeEach(async () => {
      world = await openAdmin()
    })
    afterEach(async () => {
      hangUp()
      await page.context().close()
      await world.close()
      expect(faults).deep.equal([])
    })

    interface Opened {
      readonly at?: string
      readonly token?: string
      readonly width?: number
      readonly height?: number
      readonly scheme?: 'light' | 'dark'
      /** Of what the browser calls errors. */
      readonly allowed?: readonly RegExp[]
    }

    /** Opens the page with its token, then goes to a place in it. */
    async function open(opened: Opened = {}): Promise<void> {
      const { at, token = TOKEN, scheme = 'light', width = 1280, height = 800, allowed } = opened
      const viewport = { width, height }
      const context = await browser.newContext({ colorScheme: scheme, viewport })
      context.setDefaultTimeout(8000)
      page = await context.newPage()
      faults = faultsOf(page, allowed)
      await page.goto(`${world.url}#${token}`)
      if (at !== undefined) await page.goto(`${world.url}#/${at}`)
    }
    const heading = (name: string) => page.getByRole('heading', { level: 1, name }).waitFor()
    const rows = () => page.locator('.rows .row')
    const drawer = () => page.locator('aside.drawer')
    /** Fails with what is there instead of the text. */
    const see = (text: string | RegExp) => page.getByText(text).first().waitFor()

    describe('lets in', () => {
      it('who comes by the link, whose token it takes out of the address', async () => {
        await open()
        await heading('Overview')
        expect(page.url()).equal(`${world.url}#/overview`)
        await page.reload()
        await heading('Overview')
        const kept = await page.evaluate('[Object.values(localStorage), sessionStorage.length]')
        expect(kept).deep.equal([['system'], 1])
      })

      it('nobody with a wrong token, and says so; then who has the right one', async () => {
        await open({ token: 'not-the-right-token', allowed: [/401/] })
        await page.getByRole('heading', { name: 'The token is not taken' }).waitFor()
        await page.getByLabel('Token, or').fill('another-wrong-token')
        await page.getByRole('button', { name: 'Sign in' }).click()
        await see('The router does not take this token.')
        await page.getByLabel('Token, or').fill(`${world.url}#${TOKEN}`)
        await page.keyboard.press('Enter')
        await heading('Overview')
      })

      it('who comes without one after the form', async () => {
        await open({ token: '' })
        await page.getByRole('heading', { name: 'Sign in to wampd' }).waitFor()
        await page.getByRole('button', { name: 'Sign in' }).click()
        await see('Enter the token.')
        await page.getByLabel('Token, or').fill(TOKEN)
        await page.keyboard.press('Enter')
        await heading('Overview')
        await page.getByRole('button', { name: 'Sign out' }).click()
        await see('You have signed out in this tab.')
      })

      it('again who had a token that holds no more, and loses nothing', async () => {
        await open({ at: 'console', allowed: [/401/] })
        await page.getByLabel('Procedure').fill('half.typed')
        world.renew('another-token-by-now')
        await see('What you had open waits behind this form.')
        await page.getByLabel('Token, or').fill('another-token-by-now')
        await page.keyboard.press('Enter')
        await page.getByRole('heading', { name: 'The token is not taken' }).waitFor({
          state: 'detached',
        })
        await page.getByLabel('Procedure').click()
        expect(await page.getByLabel('Procedure').inputValue()).equal('half.typed')
      })
    })

    it('waits for a router that is gone, and goes on when it is back', async () => {
      await open({ at: 'realms', allowed: [/ERR_CONNECTION_REFUSED/, /ERR_EMPTY/, /ERR_CONN/] })
      await see('realm1')
      const { port } = new URL(world.url)
      await world.close()
      await see('does not answer. What is shown is as it was.')
      await see('realm1')
      world = await openAdmin({ port: Number(port), realms: ['realm1', 'com.example.new'] })
      await page.getByRole('button', { name: 'Try now' }).click()
      await see('com.example.new')
      expect(await page.locator('.banner').count()).equal(0)
    })

    it('comes back by itself, and asks for the token where that is another', async () => {
      await open({
        at: 'realms',
        allowed: [/ERR_CONNECTION_REFUSED/, /ERR_EMPTY/, /ERR_CONN/, /401/],
      })
      await see('realm1')
      const { port } = new URL(world.url)
      await world.close()
      await see('does not answer.')
      world = await openAdmin({ port: Number(port), token: 'a-token-of-the-next-start' })
      await page.getByRole('heading', { name: 'The token is not taken' }).waitFor()
      await page.goto(`${world.url}#a-token-of-the-next-start`)
      await heading('Overview')
    })

    describe('shows', () => {
      it('what passes now, in figures and charts', async () => {
        const client = await member(world.clients)
        client.send([32, 1, {}, 'a.topic'])
        await open()
        await see('SUBSCRIBE')
        const timer = setInterval(() => client.send([16, 9, {}, 'a.topic', ['x']]), 10)
        try {
          const chart = page.getByRole('img', { name: /^Messages, latest: in [\d.]+\/s, out/ })
          await chart.waitFor()
          const row = page.getByRole('row', { name: /^PUBLISH \d/ })
          await row.waitFor()
          const tiles = await page.locator('.tile').allInnerTexts()
          expect(tiles[0]).match(/Sessions\s+1\s+1 connection/)
          expect(await page.locator('canvas').count()).equal(4)
        } finally {
          clearInterval(timer)
        }
      })

      it('what was refused, the latest first', async () => {
        await open()
        await see('Nothing since the start.')
        await fetch(world.clients.replace('ws:', 'http:'), {
          headers: { connection: 'close' },
        }).catch(() => {})
        const client = await member(world.clients)
        client.send([99])
        await client.closed
        await page.getByRole('row', { name: /protocol violations \+1 1/ }).waitFor()
      })

      it('realms, which lead to their sessions', async () => {
        await world.close()
        world = await openAdmin({ realms: ['com.example.a', 'com.example.b'] })
        world.router.session('com.example.b', { authid: 'ann' })
        await open({ at: 'realms' })
        await see('com.example.b')
        await page.getByLabel('Search realms').fill('.b')
        await page.waitForFunction('document.querySelectorAll(".rows .row").length === 1')
        await rows().first().click()
        await heading('Sessions')
        await see('ann')
        expect(page.url()).contain('realm=com.example.b')
      })

      it('a session with all that it has, and ends it', async () => {
        const client = await member(world.clients)
        client.send([32, 1, { match: 'prefix' }, 'com.topic'])
        client.send([64, 2, {}, 'com.procedure'])
        await client.take(2)
        await open({ at: 'sessions', allowed: [/400/] })
        await rows().first().click()
        await drawer().getByText('com.topic').waitFor()
        await drawer().getByText('com.procedure').waitFor()
        await drawer().getByText('websocket, wamp.2.json').waitFor()
        // It can be linked.
        await page.reload()
        await drawer().getByRole('button', { name: 'End session' }).click()
        await page.getByLabel('Message to people').fill('go away')
        await page.getByLabel('Reason').fill('no uri at all')
        await page.getByRole('button', { name: 'End session', exact: true }).click()
        await see('reason is no URI')
        await page.getByLabel('Reason').fill('com.reason')
        await page.getByRole('button', { name: 'End session', exact: true }).click()
        const goodbye = await client.next()
        expect(goodbye).deep.equal([6, { message: 'go away' }, 'com.reason'])
        await see(/^The session of .+ was ended\.$/)
        await see('Nobody is in this realm.')
      })

      it('registrations and subscriptions, with links to who holds them', async () => {
        const session = world.router.session('realm1', { authid: 'ann' })
        await session.register('com.add', () => 1, { invoke: 'roundrobin' })
        await session.subscribe('com.news', () => {}, { match: 'wildcard' })
        await open({ at: 'registrations' })
        await rows().filter({ hasText: 'com.add' }).click()
        await drawer().getByText('roundrobin').waitFor()
        await drawer().getByRole('link', { name: /ann/ }).click()
        await heading('Sessions')
        await drawer().getByRole('link', { name: 'com.news' }).click()
        await heading('Subscriptions')
        await drawer().getByText('Subscribers (1)').waitFor()
        await drawer().getByRole('link', { name: /ann/ }).waitFor()
      })

      it('whose clients read too slowly', async () => {
        const slow = await member(world.clients)
        await slow.ask([32, 1, {}, 'much'])
        slow.socket.pause()
        const session = world.router.session('realm1')
        const text = 'x'.repeat(250_000)
        await open({ at: 'slow' })
        await see('Nothing waits: all clients read as fast as messages come.')
        while ((await world.ask('/slow')).rows.length === 0) {
          await session.publish('much', [text])
        }
        await rows().first().click()
        await drawer()
          .getByText(/B wait for its client/)
          .waitFor()
        slow.socket.resume()
        await see('Nothing waits: all clients read as fast as messages come.')
      })
    })

    describe('with 20,000 sessions', () => {
      beforeEach(() => {
        for (let i = 0; i < 20_000; i++) {
          world.router.session('realm1', { authid: `someone ${i}` })
        }
      })

      it('scrolls to the end of them, and draws but those that are seen', async () => {
        await open({ at: 'sessions' })
        await see('20,000 sessions')
        await rows().filter({ hasText: 'someone 0' }).first().waitFor()
        const drawn = () => page.locator('.rows .row').count()
        expect(await drawn()).lessThan(60)
        await page.getByRole('grid').focus()
        const before = Date.now()
        await page.keyboard.press('End')
        await rows().filter({ hasText: 'someone 19999' }).waitFor()
        expect(Date.now() - before).lessThan(3000)
        expect(await drawn()).lessThan(60)
        // All the way up again, through places that were never shown.
        for (let i = 0; i < 40; i++) await page.keyboard.press('PageUp')
        await page.locator('.row.active', { hasText: /someone \d+/ }).waitFor()
        await page.mouse.move(600, 500)
        for (let i = 0; i < 60; i++) await page.mouse.wheel(0, 12_000 - i * 400)
        expect(await drawn()).lessThan(60)
        const elements = await page.evaluate('document.querySelectorAll("*").length')
        expect(elements).lessThan(1500)
      })

      it('finds one of them', async () => {
        await open({ at: 'sessions' })
        await page.getByLabel('Search sessions').fill('someone 19998')
        await see(/^1 session$/)
        await page.keyboard.press('Tab')
        await page.keyboard.press('ArrowDown')
        await page.keyboard.press('Enter')
        await drawer().getByRole('heading', { name: 'someone 19998' }).waitFor()
      })
    })

    describe('has a console', () => {
      beforeEach(async () => {
        const session = world.router.session('realm1')
        await session.register('com.add', ([a, b]) => (a as number) + (b as number))
        await session.register('com.fail', () => {
          throw new Error('no stock left')
        })
      })

      it('that calls, and remembers what was called', async () => {
        await open({ at: 'console', allowed: [/502/] })
        await page.getByLabel('Procedure').fill('com.add')
        await page.getByRole('textbox', { name: /^Args/ }).fill('[20, 22')
        await see(/^This is no JSON: /)
        expect(await page.getByRole('button', { name: 'Call' }).isDisabled()).equal(true)
        await page.getByRole('textbox', { name: /^Args/ }).fill('[20, 22]')
        await page.keyboard.press('Control+Enter')
        await see('Answered')
        expect(await page.locator('.result .json').first().textContent()).contain('42')
        await page.getByLabel('Procedure').fill('com.fail')
        await page.keyboard.press('Control+Enter')
        await page.locator('.result').getByText('wamp.error.runtime_error').waitFor()
        await page.reload()
        const entries = page.locator('.history li')
        await entries.nth(1).waitFor()
        expect(await entries.count()).equal(2)
        await page.getByRole('button', { name: 'Run call com.add again' }).click()
        await see('Answered')
        expect(await page.getByLabel('Procedure').inputValue()).equal('com.add')
        await page.getByRole('button', { name: 'Clear' }).click()
        await see('Requests are kept in this browser.')
      })

      it('that publishes, in a role where one is chosen', async () => {
        const session = world.router.session('realm1')
        const event = new Promise<unknown>(resolve => {
          void session.subscribe('com.news', (args, kwargs) => resolve([args, kwargs]))
        })
        await open({ at: 'console', allowed: [/403/] })
        await page.getByRole('radio', { name: 'Publish' }).check()
        await page.getByLabel('Topic').fill('com.news')
        await page.getByRole('textbox', { name: /^Kwargs/ }).fill('{"a": [true]}')
        await page.getByRole('button', { name: 'Publish' }).click()
        await see('Published')
        expect(await event).deep.equal([[], { a: [true] }])
      })

      it('that gives up what takes too long', async () => {
        let isCanceled = false
        await world.router.session('realm1').register(
          'com.slow',
          (_, __, { signal }) =>
            new Promise(resolve => {
              signal?.addEventListener('abort', () => {
                isCanceled = true
                resolve(null)
              })
            }),
        )
        await open({ at: 'console' })
        await page.getByLabel('Procedure').fill('com.slow')
        await page.keyboard.press('Control+Enter')
        await page.getByRole('button', { name: 'Give up' }).click()
        await see('You gave it up.')
        await eventually('the call is canceled', () => isCanceled)
      })
    })

    it('traces what passes: a request with its answer, for the screen and as a file', async () => {
      const session = world.router.session('realm1')
      await session.register('com.add', ([a, b]) => (a as number) + (b as number))
      const client = await member(world.clients)
      await open({ at: 'trace?uri=com.add' })
      await page.getByRole('button', { name: 'Start' }).click()
      await see('No message has passed yet.')
      client.send([48, 7, {}, 'com.other'])
      client.send([48, 8, {}, 'com.add', [1, 2]])
      await client.take(2)
      await rows().filter({ hasText: 'RESULT' }).waitFor()
      expect(await page.getByText('com.other').count()).equal(0)
      await rows().filter({ hasText: 'CALL' }).first().click()
      await drawer().getByText('Exchange').waitFor()
      const exchange = await drawer().locator('.exchange li').allInnerTexts()
      expect(exchange[0]).contain('CALL')
      expect(exchange.at(-1)).contain('RESULT')
      await page.keyboard.press('Escape')
      await page.getByRole('button', { name: 'Stop' }).click()
      const downloaded = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Download' }).click()
      const lines = readFileSync(await (await downloaded).path(), 'utf8')
        .trim()
        .split('\n')
      expect(lines.map(line => JSON.parse(line).uri)).include('com.add')
    })

    it('is led by keys', async () => {
      for (const authid of ['ann', 'joe', 'sue']) world.router.session('realm1', { authid })
      await open()
      await heading('Overview')
      await page.keyboard.press('Tab')
      expect(await page.locator(':focus').textContent()).equal('Skip to the content')
      await page.keyboard.press('Enter')
      expect(await page.locator(':focus').getAttribute('id')).equal('main')
      await page.keyboard.press('?')
      await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor()
      await page.keyboard.press('Escape')
      await page.locator('dialog').waitFor({ state: 'detached' })
      await page.keyboard.press('3')
      await heading('Sessions')
      await rows().nth(2).waitFor()
      await page.keyboard.press('/')
      await page.keyboard.type('sue')
      await see(/^1 session$/)
      await page.keyboard.press('Escape')
      await see(/^3 sessions$/)
      await page.getByRole('grid').focus()
      for (const key of ['ArrowDown', 'ArrowDown', 'ArrowUp', 'Enter'])
        await page.keyboard.press(key)
      await drawer().getByRole('heading', { name: 'joe' }).waitFor()
      await page.keyboard.press('Escape')
      await drawer().waitFor({ state: 'detached' })
      expect(await page.locator(':focus').getAttribute('role')).equal('grid')
    })

    it('changes its theme, and keeps to it', async () => {
      await open({ scheme: 'dark' })
      const lightness = async () => {
        const color = (await page.evaluate(
          'getComputedStyle(document.body).backgroundColor',
        )) as string
        return Number(/\d+/.exec(color)?.[0])
      }
      expect(await lightness()).lessThan(60)
      await page.getByRole('button', { name: 'Theme: system' }).click()
      await page.getByRole('button', { name: 'Theme: light' }).waitFor()
      expect(await lightness()).greaterThan(200)
      await page.reload()
      await heading('Overview')
      expect(await lightness()).greaterThan(200)
    })

    describe('can be used', () => {
      beforeEach(async () => {
        const session = world.router.session('realm1', { authid: 'ann' })
        await session.register('com.example.procedure.with.a.long.name', () => 1)
        await session.subscribe('com.example.topic.with.a.very.long.name.indeed', () => {})
      })

      for (const scheme of ['light', 'dark'] as const) {
        it(`by everybody, as far as axe can tell, in ${scheme} colours`, async () => {
          await open({ scheme })
          for (const view of VIEWS) {
            await page.goto(`${world.url}#/${view}`)
            await page.locator(`.view-${view} h1`).waitFor()
            if (['realms', 'sessions', 'registrations', 'subscriptions'].includes(view)) {
              await rows().first().waitFor()
            }
            expect(await barriersOf(page), view).deep.equal([])
          }
          await page.goto(`${world.url}#/sessions`)
          await rows().first().click()
          await drawer().getByRole('button', { name: 'End session' }).waitFor()
          expect(await barriersOf(page), 'drawer').deep.equal([])
          await drawer().getByRole('button', { name: 'End session' }).click()
          expect(await barriersOf(page), 'dialog').deep.equal([])
          await page.keyboard.press('Escape')
          await page.getByRole('button', { name: 'Sign out' }).click()
          await page.getByLabel('Token, or').waitFor()
          expect(await barriersOf(page), 'form').deep.equal([])
        })
      }

      it('on a phone, of which no view is wider', async () => {
        await open({ width: 360, height: 740 })
        for (const [i, view] of VIEWS.entries()) {
          await page.getByRole('button', { name: 'Views' }).click()
          await page.locator('nav a').nth(i).click()
          await page.locator(`.view-${view} h1`).waitFor({ state: 'attached' })
          await page.waitForTimeout(200)
          expect(await overhang(page), view).equal(0)
        }
        await page.goto(`${world.url}#/sessions`)
        await rows().first().click()
        await drawer().getByRole('button', { name: 'End session' }).waitFor()
        expect(await overhang(page), 'drawer').equal(0)
        await drawer().getByRole('button', { name: 'Close' }).click()
        await drawer().waitFor({ state: 'detached' })
      })
    })
  })
}
