import { expect } from 'chai'
import { createRouter, type Router } from '../../src/router.ts'
import type { LocalWebSocketClass } from '../../src/transport/local.ts'
import { errorLog } from '../helpers/error-log.ts'
import { connectLocally, type LocalClient } from '../helpers/local-client.ts'
import { hangUp, hello, transportOf, type Wamp } from '../helpers/raw-client.ts'
import { type ByHand, carriesMessages } from './carriage.ts'

const HELLO = JSON.stringify(hello())

function byHand(client: LocalClient): ByHand {
  const { socket } = client
  return {
    socket: {
      pause: () => socket.pause(),
      resume: () => socket.resume(),
      end: () => socket.close(),
      get destroyed() {
        return socket.readyState === socket.CLOSED
      },
    },
    gone: client.closed.then(() => {}),
    write: bytes => client.sendRaw(Buffer.from(bytes).toString()),
    frameOf: payload => Buffer.from(payload),
    send: message => client.send(message),
    message: () => client.nextOrEnd(),
    ask(message) {
      client.send(message)
      return client.nextOrEnd()
    },
    reset: () => socket.terminate(),
  }
}

describe('transport in memory', () => {
  let ofSuite: LocalWebSocketClass
  carriesMessages({
    name: 'local',
    isWhole: true,
    async open(router, options) {
      ofSuite = router.localWebSocket(options)
      return { port: 0, url: '', close: async () => {} }
    },
    peer: async () => byHand(await connectLocally(ofSuite)),
    client: (_, protocol) => connectLocally(ofSuite, protocol),
  })

  describe('as a WebSocket', () => {
    const log = errorLog()
    let router: Router
    let WebSocket: LocalWebSocketClass

    beforeEach(() => {
      router = createRouter({ development: true, logger: log })
      WebSocket = router.localWebSocket()
    })
    afterEach(async () => {
      hangUp()
      await router.close({ grace: 100 })
      expect(log.errors).deep.equal([])
    })

    /** The names of all events, as handlers and listeners hear them. */
    function heard(socket: InstanceType<LocalWebSocketClass>): string[] {
      const names: string[] = []
      for (const name of ['open', 'message', 'error', 'close'] as const) {
        socket[`on${name}`] = () => names.push(name)
        socket.addEventListener(name, () => names.push(`${name}, listener`))
      }
      return names
    }

    const closing = (socket: InstanceType<LocalWebSocketClass>) =>
      new Promise<{ code: number; reason: string; wasClean: boolean }>(resolve => {
        socket.addEventListener('close', event => resolve(event as never))
      })

    it('goes from connecting to open to closed, and tells so', async () => {
      const socket = new WebSocket('ws://router/', ['mqtt', 'wamp.2.msgpack', 'wamp.2.json'])
      const names = heard(socket)
      expect([socket.readyState, socket.protocol]).deep.equal([WebSocket.CONNECTING, ''])
      expect(() => socket.send(HELLO))
        .throw(DOMException)
        .property('name', 'InvalidStateError')
      await new Promise(resolve => socket.addEventListener('open', resolve))
      expect([socket.readyState, socket.protocol]).deep.equal([WebSocket.OPEN, 'wamp.2.msgpack'])
      expect(router.status().connections).equal(1)
      const closed = closing(socket)
      socket.close(3000, 'enough')
      expect(socket.readyState).equal(WebSocket.CLOSING)
      expect(await closed).include({ code: 3000, reason: 'enough', wasClean: true })
      expect(socket.readyState).equal(WebSocket.CLOSED)
      expect(router.status().connections).equal(0)
      expect(names).deep.equal(['open', 'open, listener', 'close', 'close, listener'])
      socket.send(HELLO)
      socket.close()
    })

    it('takes only the close codes that browsers take', async () => {
      const { socket } = await connectLocally(WebSocket)
      for (const code of [0, 1001, 1006, 2999, 5000]) {
        expect(() => socket.close(code), String(code))
          .throw(DOMException)
          .property('name', 'InvalidAccessError')
      }
      const closed = closing(socket)
      socket.close()
      expect(await closed).include({ code: 1005, reason: '' })
    })

    it('says why it is refused', async () => {
      for (const [protocols, why] of [
        ['mqtt', 'none of the subprotocols offered'],
        [undefined, 'no WebSocket subprotocol was offered'],
      ] as const) {
        const socket = new WebSocket('ws://router/', protocols)
        const error = new Promise<string>(resolve => {
          socket.onerror = ({ message }) => resolve(message)
        })
        const closed = closing(socket)
        expect(await error).contain(why)
        expect(await closed).include({ code: 1006, wasClean: false })
      }
      await router.close()
      const error = await connectLocally(WebSocket).catch(error => error)
      expect(error.message).contain('going down')
      expect(() => router.localWebSocket()).throw('closed')
    })

    it('closed before it is open, never opens', async () => {
      const socket = new WebSocket('ws://router/', 'wamp.2.json')
      const names = heard(socket)
      socket.close()
      await closing(socket)
      expect(names).not.contain('open')
      expect(router.status().connections).equal(0)
    })

    it('gives text, an ArrayBuffer or a Blob', async () => {
      const { socket: text } = await connectLocally(WebSocket)
      const { socket: binary } = await connectLocally(WebSocket, 'wamp.2.cbor')
      const received = (socket: InstanceType<LocalWebSocketClass>) =>
        new Promise<unknown>(resolve => {
          socket.onmessage = ({ data }) => resolve(data)
        })
      text.send(HELLO)
      expect(await received(text)).match(/^\[2,/)
      const codec = await connectLocally(WebSocket, 'wamp.2.cbor')
      const frame = codec.encode(hello()) as Uint8Array
      binary.send(frame)
      const buffer = await received(binary)
      expect(buffer).instanceOf(ArrayBuffer)
      binary.binaryType = 'blob'
      binary.send(codec.encode([32, 1, {}, 'a']) as Uint8Array)
      const blob = await received(binary)
      expect(blob).instanceOf(Blob)
      expect((blob as Blob).size).above(3)
      expect(() => text.send({} as never)).throw(TypeError)
    })

    it('takes buffers of all kinds, as they are when they are sent', async () => {
      for (const wrap of [
        (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
        (bytes: Uint8Array) => new Uint8Array(bytes).buffer,
      ]) {
        const client = await connectLocally(WebSocket, 'wamp.2.msgpack')
        const bytes = new Uint8Array(client.encode(hello()) as Uint8Array)
        const data = wrap(bytes)
        client.socket.send(data)
        expect(client.socket.bufferedAmount).equal(bytes.length)
        new Uint8Array(ArrayBuffer.isView(data) ? data.buffer : data).fill(0)
        expect((await client.next())[0]).equal(2)
        expect(client.socket.bufferedAmount).equal(0)
      }
    })

    it('gives each receiver of an event bytes of its own', async () => {
      const clients = [
        await connectLocally(WebSocket, 'wamp.2.cbor'),
        await connectLocally(WebSocket, 'wamp.2.cbor'),
      ]
      const events: Uint8Array[] = []
      for (const client of clients) {
        await client.join()
        await client.ask([32, 1, {}, 'a.topic'])
        client.socket.onmessage = ({ data }) => events.push(new Uint8Array(data))
      }
      const local = router.session('realm1')
      await local.publish('a.topic', ['the same'])
      while (events.length < 2) await new Promise(setImmediate)
      const [one, other] = events as [Uint8Array, Uint8Array]
      const before = Buffer.from(other)
      one.fill(0)
      expect(Buffer.from(other)).deep.equal(before)
      local.close()
    })

    it('keeps to the limits of its options', async () => {
      const Few = router.localWebSocket({ maxConnections: 1, serializers: ['json'] })
      const first = await connectLocally(Few)
      const second = await connectLocally(Few)
      expect((await second.closed).code).equal(1013)
      expect(await connectLocally(Few, 'wamp.2.cbor').catch(error => error)).instanceOf(Error)
      await first.join()
      expect((await first.ask([32, 1, {}, 'a']))[0]).equal(33)
    })

    it('tells where a session is from, and of the end of the router', async () => {
      const client = await connectLocally(WebSocket)
      const [, id] = await client.join()
      const transport = await transportOf(client, id)
      expect(transport).include({ type: 'local', protocol: 'wamp.2.json', peer: 'local' })
      const closed = router.close()
      expect(await client.closed).include({ code: 1012 })
      await closed
    })

    it('a text frame where binary ones are spoken ends the session', async () => {
      const client = await connectLocally(WebSocket, 'wamp.2.msgpack')
      client.sendRaw(HELLO)
      const abort = (await client.next()) as Wamp
      expect([abort[0], abort[2]]).deep.equal([3, 'wamp.error.protocol_violation'])
      expect((await client.closed).code).equal(1002)
    })
  })
})
