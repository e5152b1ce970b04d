import { execFile, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { parse } from 'yaml'
import { STATUSES } from '../../src/gateway/bridge/problem.ts'
import { createRouter, type Router } from '../../src/router.ts'

const text = readFileSync('docs/gateways.md', 'utf8')
const FENCE = '```'

const config = new RegExp(`<!-- http: config -->\\n${FENCE}yaml\\n(.*?)${FENCE}`, 's').exec(
  text,
)?.[1]
const examples = [
  ...text.matchAll(
    new RegExp(
      `<!-- http: run -->\\n${FENCE}sh\\n(.*?)${FENCE}\\n${FENCE}\\w*\\n(.*?)${FENCE}`,
      'gs',
    ),
  ),
].map(([, script = '', output = '']) => ({ script, output }))

const hasCurl = spawnSync('curl', ['--version']).status === 0
if (!hasCurl && process.env.CI) throw new Error('there is no curl')
if (!hasCurl) console.log('the examples of docs/gateways.md do not run: there is no curl')

/** Ids are chance. */
const plain = (output: string) => output.trim().replace(/\d{5,}/g, 'ID')

describe('docs/gateways.md', () => {
  it('has the status of every URI that has one of its own', () => {
    const table = /<!-- http: statuses -->\n(.*?)\n\n/s.exec(text)?.[1] ?? ''
    const rows = table.split('\n').flatMap(line => {
      const [, status = '', uris = ''] = line.split('|').map(cell => cell.trim())
      return [...uris.matchAll(/`(wampd?\.[^`]+)`/g)].map(([, uri]) => [uri, Number(status)])
    })
    expect(Object.fromEntries(rows)).deep.equal(STATUSES)
  })

  describe('examples', () => {
    let router: Router
    let port: number

    before(async () => {
      const keys = parse(config ?? '')
      keys.transports[0].endpoint.port = 0
      router = createRouter(keys)
      port = (await router.start())[0]?.port as number
      const session = router.session('realm1')
      await session.register('com.example.add', ([a, b]) => Number(a) + Number(b))
      await session.register('com.example.count', async function* ([most]) {
        for (let i = 1; i < Number(most); i++) yield i
        return most
      })
    })
    after(() => router.close({ grace: 100 }))

    it('are there', () => expect(examples).length(6))

    for (const { script, output } of hasCurl ? examples : []) {
      it(`run: ${script.split('\n')[0]}`, async () => {
        const here = script.replaceAll('127.0.0.1:8080', `127.0.0.1:${port}`)
        const { stdout } = await promisify(execFile)('sh', ['-c', here], { timeout: 8000 })
        expect(plain(stdout)).equal(plain(output))
      })
    }
  })
})
