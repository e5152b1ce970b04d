import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { resolve } from 'node:path'
import { expect } from 'chai'
import { createRouter } from '../../src/router.ts'
import { loadUws } from '../../src/transport/load.ts'
import { type Connection, type Listen, ListenError } from '../../src/transport/transport.ts'
import { listenWs } from '../../src/transport/ws.ts'
import { freePort } from '../helpers/free-port.ts'
import { memory } from '../helpers/memory.ts'
import { connect, member } from '../helpers/raw-client.ts'
import { handshake, http, RawSocket } from '../helpers/raw-socket.ts'
import { siteOf } from '../helpers/site.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const certificate = resolve('test/fixtures/localhost.crt')
const key = resolve('test/fixtures/localhost.key')

async function refusal(promise: Promise<unknown>): Promise<Error> {
  try {
    await promise
  } catch (error) {
    return error as Error
  }
  throw new Error('was not refused')
}

describe('listening', () => {
  for (const transport of TRANSPORTS) {
    describe(`with ${transport}`, () => {
      it('says which port is in use, by a router or by others', async () => {
        const router = createRouter({ development: true })
        const { port } = await router.listen({ port: 0, transport })
        const taken = createServer()
        await new Promise<void>(done => taken.listen(0, '127.0.0.1', done))
        const { port: other } = taken.address() as AddressInfo
        for (const used of [port, other]) {
          const error = await refusal(router.listen({ port: used, transport }))
          expect(error).instanceOf(ListenError)
          expect(error.message).equal(`cannot listen on 127.0.0.1:${used}: the port is in use`)
        }
        await new Promise(resolve => taken.close(resolve))
        await router.close()
      })

      it('says that an address is not of this machine', async () => {
        const router = createRouter({ development: true })
        const error = await refusal(router.listen({ host: '192.0.2.1', port: 0, transport }))
        expect(error).instanceOf(ListenError)
        expect(error.message).contain('192.0.2.1')
        await router.close()
      })

      it('says which certificate cannot be used', async () => {
        const router = createRouter({ development: true })
        const unusable = [
          { certificate: '/nowhere.crt', key },
          { certificate, key: '/nowhere.key' },
          { certificate: key, key },
          { certificate, key: resolve('package.json') },
        ]
        for (const tls of unusable) {
          const error = await refusal(router.listen({ port: 0, transport, tls }))
          expect(error).instanceOf(ListenError)
          expect(error.message).contain(tls.certificate).and.contain(tls.key)
        }
        await router.close()
      })

      it('speaks TLS', async () => {
        const router = createRouter({ development: true })
        const tls = { certificate, key }
        const { port, url } = await router.listen({ port: 0, transport, tls })
        expect(url).equal(`wss://127.0.0.1:${port}/ws`)
        const client = await connect(url, 'wamp.2.cbor', { ca: readFileSync(certificate) })
        await client.join()
        expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
        await client.close()
        const plain = new RawSocket(port)
        plain.write(handshake())
        await plain.answer()
        await plain.close()
        const again = await connect(url, 'wamp.2.json', { ca: readFileSync(certificate) })
        await again.close()
        await router.close()
      })

      it('frees the port on close, so that it can be opened again', async () => {
        const port = await freePort()
        for (let i = 0; i < 3; i++) {
          const router = createRouter({ development: true })
          const listening = await router.listen({ port, transport })
          const client = await member(listening.url)
          await http(port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')
          await router.close()
          expect((await client.closed).code).equal(1012)
        }
      })

      it('cuts off connections that never speak when the router is closed', async () => {
        const router = createRouter({ development: true })
        const { port } = await router.listen({ port: 0, transport })
        const silent = new RawSocket(port)
        const half = new RawSocket(port)
        half.write('GET / HTTP/1.1\r\nHos')
        const idle = new RawSocket(port)
        idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
        await idle.answer()
        await router.close()
        await Promise.all([silent.gone, half.gone, idle.gone])
      })

      it('offers only the serializers that it is told to', async () => {
        const router = createRouter({ development: true })
        const { port } = await router.listen({ port: 0, transport, serializers: ['cbor'] })
        expect((await http(port, handshake()))?.status).equal(400)
        const cbor = handshake({ 'Sec-WebSocket-Protocol': 'wamp.2.json, wamp.2.cbor' })
        expect((await http(port, cbor))?.status).equal(101)
        await router.close()
      })

      it('takes upgrades on / in development only', async () => {
        for (const development of [true, false]) {
          const router = createRouter({ development })
          const { port } = await router.listen({ port: 0, transport })
          expect((await http(port, handshake({}, '/')))?.status).equal(development ? 101 : 404)
          expect((await http(port, handshake({}, '/ws')))?.status).equal(101)
          await router.close()
        }
      })

      it('that has stopped takes no new connections and keeps the open ones', async () => {
        const received: string[] = []
        const listener = await (await listenOf(transport))(
          { host: '127.0.0.1', port: 0 },
          siteOf({ bytes: frame => received.push(Buffer.from(frame).toString()) }),
        )
        const url = `ws://127.0.0.1:${listener.port}/ws`
        const client = await connect(url)
        listener.stop()
        listener.stop()
        expect(await refusal(connect(url)))
          .property('message')
          .contain('ECONNREFUSED')
        client.send(['still', 'here'])
        while (received.length === 0) await new Promise(resolve => setTimeout(resolve, 5))
        expect(received).deep.equal(['["still","here"]'])
        await listener.close()
        await client.closed
      })

      it('keeps nothing of what it has written', async () => {
        let connection: Connection | undefined
        const site = siteOf(
          {},
          {
            open(opened) {
              connection = opened
              return { bytes() {}, drained() {}, alive() {}, farewell() {}, closed() {} }
            },
          },
        )
        const listen = await listenOf(transport)
        const listener = await listen({ host: '127.0.0.1', port: 0 }, site)
        const client = await connect(`ws://127.0.0.1:${listener.port}/ws`)
        const write = () => {
          // It is a view of a chunk that holds many more.
          const frame = new Uint8Array(Buffer.from(`["${'x'.repeat(100)}"]`))
          connection?.write([frame])
          return new WeakRef(frame)
        }
        const written = write()
        await client.next()
        await new Promise(resolve => setTimeout(resolve, 10))
        memory()
        expect(written.deref()).equal(undefined)
        await listener.close()
        await client.closed
      })
    })
  }
})

async function listenOf(transport: (typeof TRANSPORTS)[number]): Promise<Listen> {
  if (transport === 'ws') return listenWs
  const uws = await loadUws()
  if ('missing' in uws) throw new Error(uws.missing)
  return uws.listen
}
