import { get } from 'node:http'
import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'

describe('the files of the admin page', () => {
  let router: Router
  let url: string

  beforeEach(async () => {
    router = createRouter({ development: true })
    url = (await router.serveAdmin({ port: 0 })).url
  })
  afterEach(() => router.close())

  it('come without a token: the page itself, never kept, and what it names, kept for long', async () => {
    const page = await fetch(url)
    const text = await page.text()
    expect(page.headers.get('content-type')).equal('text/html; charset=utf-8')
    expect(page.headers.get('cache-control')).equal('no-store')
    expect(page.headers.get('etag')).equal(null)
    const named = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, name]) => name as string)
    expect(named).length(3)
    for (const name of named) {
      const file = await fetch(new URL(name, url))
      expect([name, file.status]).deep.equal([name, 200])
      const isKept = !name.endsWith('.svg')
      const wanted = isKept ? 'max-age=31536000, immutable' : 'no-store'
      expect(file.headers.get('cache-control')).equal(wanted)
      await file.arrayBuffer()
    }
  })

  it('may load nothing from elsewhere, nor be framed', async () => {
    const response = await fetch(url, { method: 'HEAD' })
    const policy = response.headers.get('content-security-policy')
    expect(policy)
      .match(/^default-src 'self'; /)
      .contain("frame-ancestors 'none'")
    expect(policy).not.contain('unsafe')
    expect(response.headers.get('x-content-type-options')).equal('nosniff')
    expect(await response.text()).equal('')
  })

  it('bring the licences of what is bundled', async () => {
    const text = await (await fetch(`${url}licences.txt`)).text()
    for (const name of ['preact', '@preact/signals', 'uplot']) expect(text).contain(name)
  })

  it('are but those that there are, and only to be read', async () => {
    const { port } = new URL(url)
    const paths = [
      '/nothing',
      '/%',
      '/..%2f..%2fpackage.json',
      '/../../package.json',
      '//',
      '/a%00b',
    ]
    for (const path of paths)
      expect([path, await statusOf(Number(port), path)]).deep.equal([path, 404])
    const posted = await fetch(url, { method: 'POST' })
    expect([posted.status, posted.headers.get('allow')]).deep.equal([405, 'GET, HEAD'])
  })
})

/** The status of an answer, for a path as it is: fetch would make it a sound one. */
function statusOf(port: number, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asked = get({ host: '127.0.0.1', port, path, agent: false }, response => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.on('error', reject)
  })
}
