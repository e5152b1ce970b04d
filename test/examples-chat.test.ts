import { expect } from 'chai'
import { type Browser, type Page, chromium as playwright } from 'playwright-core'
import { chromium } from './browser/chromium.ts'
import { type Example, startExample } from './helpers/example.ts'
import { freePort } from './helpers/free-port.ts'
import { within } from './helpers/raw-client.ts'

const executable = chromium()
if (executable === undefined && process.env.CI) throw new Error('there is no Chromium')
if (executable === undefined) {
  console.log('the chat is not tried: no Chromium (apt-get install chromium, or set CHROMIUM)')
}

// Where it does not run, the reason was printed.
if (executable !== undefined) {
  describe('the example chat', function () {
    this.timeout(30_000)
    let browser: Browser
    let chat: Example
    let url: string
    const complaints: string[] = []

    before(async function () {
      this.timeout(60_000)
      const args = process.getuid?.() === 0 ? ['--no-sandbox'] : []
      browser = await playwright.launch({ executablePath: executable, args })
    })
    after(() => browser?.close())
    beforeEach(async () => {
      complaints.length = 0
      chat = startExample('chat/server.mjs')
      url = (await chat.line(/^http:\S+/))[0]
    })
    afterEach(async () => {
      for (const context of browser.contexts()) await context.close()
      await chat.stop()
      expect(complaints).deep.equal([])
    })

    /** A browser of its own, whose owner says a name and comes in. */
    async function enter(name: string, path = ''): Promise<Page> {
      const page = await (await browser.newContext()).newPage()
      page.on('pageerror', error => complaints.push(error.message))
      await page.goto(url + path)
      await page.fill('#name', name)
      await page.click('#enter button')
      await page.waitForSelector(`#people li >> text="${name}"`)
      return page
    }
    async function say(page: Page, text: string) {
      await page.fill('#text', text)
      await page.press('#text', 'Enter')
    }
    const texts = (page: Page, selector: string) => page.locator(selector).allTextContents()
    /** Waits until all of that is shown, and nothing else. */
    async function sees(page: Page, selector: string, wanted: string[]) {
      const until = Date.now() + 5000
      while (Date.now() < until && `${await texts(page, selector)}` !== `${wanted}`) {
        await page.waitForTimeout(20)
      }
      expect(await texts(page, selector)).deep.equal(wanted)
    }

    it('brings what one says to the other, each under the own name', async () => {
      const [ann, joe] = [await enter('Ann'), await enter('Joe')]
      await sees(ann, '#people li', ['Ann', 'Joe'])
      await say(ann, 'hello <b>Joe</b>')
      await sees(joe, 'article p', ['hello <b>Joe</b>'])
      await say(joe, 'hello Ann')
      for (const page of [ann, joe]) {
        await sees(page, 'article p', ['hello <b>Joe</b>', 'hello Ann'])
        await sees(page, 'article strong', ['Ann', 'Joe'])
      }
      await sees(joe, '.mine p', ['hello Ann'])
    })

    it('shows who comes late what was said before', async () => {
      const ann = await enter('Ann')
      for (const text of ['one', 'two', 'three']) {
        await say(ann, text)
        await ann.waitForSelector(`article p >> text="${text}"`)
      }
      const joe = await enter('Joe')
      await sees(joe, 'article p', ['one', 'two', 'three'])
      await say(ann, 'four')
      await sees(joe, 'article p', ['one', 'two', 'three', 'four'])
    })

    it('has rooms, and tells who is in them', async () => {
      const [ann, joe] = [await enter('Ann'), await enter('Joe')]
      await ann.fill('#new', 'Garden Party')
      await ann.press('#new', 'Enter')
      await sees(ann, '#title', ['garden-party'])
      await sees(ann, '#people li', ['Ann'])
      await sees(joe, '#people li', ['Joe'])
      await say(ann, 'nobody hears that')
      await ann.waitForSelector('article')
      await say(joe, 'in the lobby')
      await sees(joe, 'article p', ['in the lobby'])
      await joe.click('#rooms a >> text=garden-party')
      await sees(joe, 'article p', ['nobody hears that'])
      await sees(ann, '#people li', ['Ann', 'Joe'])
      await joe.context().close()
      await sees(ann, '#people li', ['Ann'])
    })

    it('says why a message is refused, and keeps its text', async () => {
      const ann = await enter('Ann')
      await ann.evaluate('document.getElementById("text").removeAttribute("maxlength")')
      const long = 'x'.repeat(5000)
      await say(ann, long)
      await ann.waitForSelector('#state:not(:empty)')
      expect(await ann.inputValue('#text')).equal(long)
    })

    it('ends by itself, says so on its pages, and they come back when it does', async () => {
      await chat.stop()
      const port = await freePort()
      chat = startExample('chat/server.mjs', [], port)
      url = (await chat.line(/^http:\S+/))[0]
      const [ann, joe] = [await enter('Ann'), await enter('Joe')]
      chat.process.kill('SIGTERM')
      expect(await within(8000, 'end', chat.ended)).deep.equal([0, null])
      await sees(ann, '#state', ['The connection is gone. Trying again …'])
      await chat.stop()
      chat = startExample('chat/server.mjs', [], port)
      for (const page of [ann, joe])
        await page.waitForSelector('#state:empty', { state: 'attached' })
      await sees(ann, '#people li', ['Ann', 'Joe'])
      await say(ann, 'here again')
      await sees(joe, 'article p', ['here again'])
    })
  })
}
