import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type PeerCertificate } from 'node:tls'
import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import { ConfigFolder } from '../helpers/config-folder.ts'
import { errorLog } from '../helpers/error-log.ts'
import { eventually, hangUp, hello } from '../helpers/raw-client.ts'
import { handshake, RawSocket } from '../helpers/raw-socket.ts'
import { RawSocketPeer } from '../helpers/rawsocket-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const fixture = (name: string) => ({
  certificate: `test/fixtures/${name}.crt`,
  key: `test/fixtures/${name}.key`,
})
const allow = { subscribe: true }
const config = (transport: object) => ({
  version: 1,
  realms: [
    {
      name: 'realm1',
      roles: [{ name: 'guest', permissions: [{ uri: '', match: 'prefix', allow }] }],
    },
  ],
  authenticators: { guests: { anonymous: { role: 'guest' } } },
  transports: [{ id: 'one', endpoint: { port: 0 }, auth: ['guests'], ...transport }],
})

const KINDS: Record<string, object> = {
  rawsocket: { type: 'rawsocket' },
  ...Object.fromEntries(
    TRANSPORTS.map(backend => [backend, { type: 'websocket', options: { backend } }]),
  ),
}

for (const [name, own] of Object.entries(KINDS)) {
  describe(`certificates by name, on ${name}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'wampd-tls-'))
    const files = { certificate: join(folder, 'a.crt'), key: join(folder, 'a.key') }
    const put = (from: string) => {
      copyFileSync(fixture(from).certificate, files.certificate)
      copyFileSync(fixture(from).key, files.key)
    }
    let router: Router
    let port: number
    const withNames = (names: string[]) =>
      config({ ...own, tls: { ...fixture('localhost'), names: [{ names, ...files }] } }) as never

    before(() => put('renewed'))
    after(() => rmSync(folder, { recursive: true }))
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 0 })
    })
    const start = async (...names: string[]) => {
      router = createRouter(withNames(names))
      port = ((await router.start())[0] as { port: number }).port
    }

    /** The fingerprint that a client sees, which has a session then. */
    const seenBy = (servername: string | undefined) =>
      new Promise<string>((resolve, reject) => {
        const options = { port, host: '127.0.0.1', rejectUnauthorized: false }
        const socket = connect({ ...options, ...(servername && { servername }) }, async () => {
          const { fingerprint } = socket.getPeerCertificate() as PeerCertificate
          const peer = name === 'rawsocket' ? new RawSocketPeer(socket) : new RawSocket(socket)
          if (peer instanceof RawSocketPeer) await peer.shake()
          else {
            peer.write(handshake())
            await peer.answer()
          }
          if ((await peer.ask(hello()))?.[0] !== 2) reject(new Error('no session'))
          await peer.close()
          resolve(fingerprint)
        })
        socket.once('error', reject)
      })

    it('are shown to those who ask for them, and else that of the port', async () => {
      await start('app.example.com', '*.wild.example')
      const usual = await seenBy(undefined)
      const other = await seenBy('app.example.com')
      expect(other).not.equal(usual)
      expect(await seenBy('a.wild.example')).equal(other)
      expect(await seenBy('APP.Example.com')).equal(other)
      expect(await seenBy('A.Wild.Example')).equal(other)
      for (const stranger of ['wild.example', 'a.b.wild.example', 'example.com', 'localhost']) {
        expect(await seenBy(stranger), stranger).equal(usual)
      }
    })

    it('may change with a reload: names, and the files', async () => {
      await start('app.example.com')
      const usual = await seenBy(undefined)
      const other = await seenBy('app.example.com')
      router.reload(withNames(['b.example.com']))
      expect(await seenBy('app.example.com')).equal(usual)
      expect(await seenBy('b.example.com')).equal(other)
      put('client')
      router.reload(withNames(['b.example.com']))
      expect([usual, other]).not.include(await seenBy('b.example.com'))
      copyFileSync(fixture('stranger').key, files.key)
      expect(() => router.reload(withNames(['b.example.com']))).throw(
        'tls.names[0]: cannot be used',
      )
      expect(await seenBy(undefined)).equal(usual)
      put('renewed')
    })
  })
}

describe('a router that watches its certificates', () => {
  it('takes up renewed ones by itself, once certificate and key fit each other', async () => {
    const folder = new ConfigFolder()
    const certificates = mkdtempSync(join(tmpdir(), 'wampd-watch-'))
    const files = { certificate: join(certificates, 'a.crt'), key: join(certificates, 'a.key') }
    copyFileSync(fixture('localhost').certificate, files.certificate)
    copyFileSync(fixture('localhost').key, files.key)
    const transport = { type: 'rawsocket', tls: files }
    const file = folder.write('wampd.yaml', { ...config(transport), reload: { watch: true } })
    const log = errorLog()
    const router = createRouter({ file, logger: log })
    const [{ port } = { port: 0 }] = await router.start()
    const seen = () =>
      new Promise<string>((resolve, reject) => {
        const options = { port, host: '127.0.0.1', rejectUnauthorized: false }
        const socket = connect(options, () => {
          resolve((socket.getPeerCertificate() as PeerCertificate).fingerprint)
          socket.destroy()
        })
        socket.once('error', reject)
      })
    const first = await seen()
    copyFileSync(fixture('renewed').certificate, files.certificate)
    await eventually('the half of a pair is refused', () => log.errors.length > 0)
    expect(await seen()).equal(first)
    copyFileSync(fixture('renewed').key, files.key)
    for (let i = 0; i < 300 && (await seen()) === first; i++) {
      await new Promise(resolve => setTimeout(resolve, 10))
    }
    expect(await seen()).not.equal(first)
    await router.close({ grace: 0 })
    folder.remove()
    rmSync(certificates, { recursive: true })
  })
})
