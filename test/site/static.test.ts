import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { createRouter, type Router } from '../../src/router.ts'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { errorLog } from '../helpers/error-log.ts'
import { ask } from '../helpers/poll-client.ts'
import { hangUp, member } from '../helpers/raw-client.ts'
import { http } from '../helpers/raw-socket.ts'
import { webConfig } from '../helpers/web-config.ts'

describe('static files', () => {
  const log = errorLog()
  let folder: ConfigFolder
  let root: string
  let router: Router
  let port: number

  before(async () => {
    folder = new ConfigFolder()
    root = join(folder.path, 'public')
    for (const name of ['public/sub/deep', 'public/bare', 'public/.git', 'public-too', 'other']) {
      mkdirSync(join(folder.path, name), { recursive: true })
    }
    const files: Record<string, string> = {
      'public/index.html': '<p>index',
      'public/app.js': 'app()',
      'public/style.css': 'p{}',
      'public/data.json': '{}',
      'public/module.wasm': 'wasm',
      'public/grüße & mehr.txt': 'hello',
      'public/sub/index.html': '<p>sub',
      'public/bare/file.txt': 'bare',
      'public/.env': 'SECRET',
      'public/.git/config': 'SECRET',
      'secret.txt': 'SECRET',
      'public-too/secret.txt': 'SECRET',
      'other/secret.txt': 'SECRET',
    }
    for (const [name, text] of Object.entries(files)) folder.write(name, text)
    symlinkSync('app.js', join(root, 'alias.js'))
    symlinkSync('../secret.txt', join(root, 'out.txt'))
    symlinkSync('../other', join(root, 'out'))
    symlinkSync('.env', join(root, 'env.txt'))
    symlinkSync('loop', join(root, 'loop'))
    router = createRouter({ development: true, logger: log })
    const paths = {
      '/': { static: { directory: root } },
      '/app': { static: { directory: root } },
      '/ws': { websocket: {} },
    }
    port = (await router.listen({ port: 0, paths })).port
  })
  after(async () => {
    await router.close({ grace: 100 })
    folder.remove()
  })
  afterEach(() => {
    hangUp()
    expect(log.errors).deep.equal([])
  })

  const get = (path: string, headers?: Record<string, string>, method = 'GET') =>
    ask(method, `http://127.0.0.1:${port}${path}`, '', headers)
  /** A request whose path is sent as it stands. */
  const raw = (path: string) => http(port, `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)

  it('are served with the type that their name says', async () => {
    const types = {
      '/app.js': 'application/javascript; charset=utf-8',
      '/style.css': 'text/css; charset=utf-8',
      '/data.json': 'application/json; charset=utf-8',
      '/module.wasm': 'application/wasm',
      '/app/alias.js': 'application/javascript; charset=utf-8',
      '/gr%C3%BC%C3%9Fe%20&%20mehr.txt': 'text/plain; charset=utf-8',
    }
    for (const [path, type] of Object.entries(types)) {
      const { status, headers } = await get(path)
      expect([status, headers['content-type']?.toLowerCase()], path).deep.equal([200, type])
      expect(headers['x-content-type-options']).equal('nosniff')
    }
    expect((await get('/app.js?v=1')).body.toString()).equal('app()')
  })

  it('stand for folders where they are the index', async () => {
    for (const path of ['/', '/app/', '/?a=b']) {
      expect((await get(path)).body.toString(), path).equal('<p>index')
    }
    expect((await get('/sub/')).body.toString()).equal('<p>sub')
    expect((await get('/app/sub/')).body.toString()).equal('<p>sub')
  })

  it('of a folder without an index are not listed', async () => {
    for (const path of ['/bare/', '/sub/deep/', '/app/bare/']) {
      expect((await get(path)).status, path).equal(404)
    }
  })

  it('of a folder are found behind a slash', async () => {
    for (const [path, location] of [
      ['/app', './app/'],
      ['/sub', './sub/'],
      ['/app/sub?x=1', './sub/'],
    ]) {
      const { status, headers } = await get(path as string)
      expect([status, headers.location], path).deep.equal([301, location])
    }
  })

  it('lead to no other host', async () => {
    for (const path of ['//evil.example', '//evil.example/..', '///sub', '/%2f%2fevil.example']) {
      expect((await raw(path))?.head, path).not.match(/location: *(https?:)?\/\//i)
    }
  })

  it('are not sent again when they have not changed', async () => {
    const { headers } = await get('/app.js')
    const { etag, 'last-modified': modified } = headers
    expect((await get('/app.js', { 'If-None-Match': etag as string })).status).equal(304)
    expect((await get('/app.js', { 'If-Modified-Since': modified as string })).status).equal(304)
    writeFileSync(join(root, 'app.js'), 'app(2)')
    const changed = await get('/app.js', { 'If-None-Match': etag as string })
    expect([changed.status, changed.body.toString()]).deep.equal([200, 'app(2)'])
    writeFileSync(join(root, 'app.js'), 'app()')
  })

  it('are sent in part, or without their body', async () => {
    const part = await get('/app.js', { Range: 'bytes=1-2' })
    expect([part.status, part.body.toString()]).deep.equal([206, 'pp'])
    expect((await get('/app.js', { Range: 'bytes=99-' })).status).equal(416)
    const head = await get('/app.js', {}, 'HEAD')
    expect([head.status, head.headers['content-length']]).deep.equal([200, '5'])
    expect(head.body).length(0)
  })

  it('are for reading only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
      const { status, headers } = await get('/app.js', {}, method)
      expect([status, headers.allow]).deep.equal([405, 'GET, HEAD'])
    }
  })

  it('that are not there, or hidden, are not found', async () => {
    const hidden = ['/.env', '/%2eenv', '/.git/config', '/sub/../.env', '/.', '/env.txt']
    for (const path of ['/nothing', '/app.js/', '/app.js/x', '/loop', '/appx', ...hidden]) {
      expect((await raw(path))?.status, path).equal(path === '/.' ? 301 : 404)
    }
  })

  it('beyond the folder are out of reach', async () => {
    const ways = [
      ...['/../secret.txt', '/app/../../secret.txt', '/..%2fsecret.txt', '/%2e%2e/secret.txt'],
      ...['/%2e%2e%2fsecret.txt', '/..%5csecret.txt', '/..\\secret.txt', '/sub/../../secret.txt'],
      ...['/%252e%252e/secret.txt', '/..;/secret.txt', '/....//secret.txt', '/.../secret.txt'],
      ...['/../public-too/secret.txt', '/%2e%2e/public-too/secret.txt', '/out.txt', '/out/'],
      ...['/out/secret.txt', '/app/out/secret.txt', `/${root}/../secret.txt`, '//secret.txt'],
      ...['/app.js%00', '/app.js%00.html', '/%00', '/%', '/%zz', '/%c0%ae%c0%ae/secret.txt'],
      ...[`${root}/app.js`, '/app.js%0d%0aX: y', '/%ff%fe', `/${'a/'.repeat(4000)}`],
    ]
    for (const path of ways) {
      const answer = await raw(path)
      expect(answer?.status, path).within(400, 404)
      expect(answer?.body, path).not.contain('SECRET')
    }
  })

  it('beyond the folder are out of reach, whatever the path', async () => {
    const segment = fc.constantFrom(
      ...['..', '%2e%2e', '.', '%2e', '', 'sub', 'out', '%5c', '%2f', '..%2f', '%00', 'deep'],
      ...['secret.txt', 'public-too', 'other', '.env', 'index.html', '%252e', 'app', '\\..\\'],
    )
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 7 }), async segments => {
        const answer = await raw(`/${segments.join('/')}`)
        expect(answer?.status).oneOf([200, 301, 400, 404])
        expect(answer?.body).not.contain('SECRET')
      }),
      { numRuns: 200, interruptAfterTimeLimit: 3000 },
    )
  })

  it('leave room for other services below', async () => {
    const client = await member(`ws://127.0.0.1:${port}/ws`)
    await client.close()
    expect((await get('/ws')).body.toString()).contain('WAMP')
  })

  describe('of a configuration', () => {
    const config = (directory: string, index?: string) =>
      configOf({ directory, ...(index === undefined ? {} : { index }) })
    const configOf = (keys: object) =>
      webConfig({ '/ws': { websocket: {} }, '/': { static: keys as { directory: string } } })

    it('need a folder that is there', () => {
      const missing = join(folder.path, 'missing')
      expect(() => createRouter(config(missing))).throw(/static.*no such folder/)
      expect(() => createRouter(config(join(root, 'app.js')))).throw(/static.*is no folder/)
      expect(() => createRouter(configOf({ index: 'x' }))).throw(/"directory" is missing/)
    })

    it('lie beside the file that names them, and change with it', async () => {
      const file = folder.write('wampd.json', { version: 1, ...config('public') })
      const other = createRouter({ file, logger: log })
      try {
        const [listening] = await other.start()
        const url = `http://127.0.0.1:${listening?.port}/`
        expect((await ask('GET', url)).body.toString()).equal('<p>index')
        folder.write('wampd.json', { version: 1, ...config('public', 'app.js') })
        other.reload()
        expect((await ask('GET', url)).body.toString()).equal('app()')
      } finally {
        await other.close()
      }
    })

    it('need a folder where code names them, too', async () => {
      const paths = { '/': { static: { directory: join(folder.path, 'missing') } } }
      const failure = await router.listen({ port: 0, paths }).catch(error => error)
      expect(failure).property('name', 'ListenError')
      expect(failure.message).contain('no such folder')
    })
  })
})
