import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { expect } from 'chai'
import { type WebSocket, WebSocketServer } from 'ws'
import { ABORT, HELLO, type Message, PUBLISH, WELCOME } from '../../src/protocol/messages.ts'
import { Payload } from '../../src/protocol/payload.ts'
import { RemoteError } from '../../src/remote/remote-error.ts'
import { connect, type Wire, type WireOptions } from '../../src/remote/wire.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { SERIALIZERS } from '../../src/serializer/registry.ts'
import { freePort } from '../helpers/free-port.ts'
import { eventually, pause } from '../helpers/raw-client.ts'
import { DOORS, TRUST } from './doors.ts'

const HELLO_ALL: Message = {
  type: HELLO,
  realm: 'realm1',
  details: { roles: { publisher: {}, subscriber: {}, caller: {}, callee: {} } },
}

/** What a promise rejects with. */
async function failureOf(promise: Promise<unknown>): Promise<RemoteError> {
  const error = await promise.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(error instanceof RemoteError)) throw new Error(`no RemoteError: ${error}`)
  return error
}

describe('a wire', () => {
  const wires: Wire[] = []
  const servers: Server[] = []
  const sockets = new Set<Socket>()
  let router: Router

  async function wired(url: string, options: WireOptions = {}): Promise<Wire> {
    const wire = await connect(url, { tls: TRUST, ...options })
    wires.push(wire)
    return wire
  }

  /** A server that does with a connection what it is told to. */
  async function serverOf(serve: (socket: Socket) => void, scheme = 'rs'): Promise<string> {
    const server = createServer(socket => {
      sockets.add(socket.on('error', () => {}))
      serve(socket)
    })
    servers.push(server)
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  /** A WebSocket server that does with a connection what it is told to. */
  async function webSocketOf(serve: (socket: WebSocket) => void): Promise<string> {
    const http = createHttpServer((_, response) => response.writeHead(404).end())
    http.on('connection', (socket: Socket) => sockets.add(socket))
    new WebSocketServer({ server: http }).on('connection', serve)
    servers.push(http)
    await new Promise<void>(done => http.listen(0, '127.0.0.1', done))
    return `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
  }

  beforeEach(() => {
    router = createRouter({ development: true })
  })
  afterEach(async () => {
    for (const wire of wires.splice(0)) wire.terminate()
    for (const socket of sockets) socket.destroy()
    sockets.clear()
    await Promise.all(servers.splice(0).map(server => new Promise(done => server.close(done))))
    await router.close()
  })

  for (const door of DOORS) {
    for (const serializer of SERIALIZERS) {
      it(`by ${door.name} carries messages in ${serializer.name}, both ways and in order`, async () => {
        const wire = await wired(await door.open(router), { serializer })
        wire.send(HELLO_ALL)
        expect((await wire.receive()).type).equal(WELCOME)
        wire.send({ type: 32, request: 1, options: {}, topic: 'a.b' })
        expect((await wire.receive()).type).equal(33)
        for (let i = 0; i < 50; i++) {
          const payload = Payload.of([i, new Uint8Array([1, 2])])
          const options = { exclude_me: false }
          wire.send({ type: PUBLISH, request: 2 + i, options, topic: 'a.b', payload })
        }
        for (let i = 0; i < 50; i++) {
          const event = (await wire.receive()) as Extract<Message, { type: 36 }>
          expect(event.payload.open().args).deep.equal([i, new Uint8Array([1, 2])])
        }
      })
    }

    it(`by ${door.name} tells how it was closed`, async () => {
      const wire = await wired(await door.open(router))
      wire.send(HELLO_ALL)
      await wire.receive()
      const gone = router.close()
      const { code } = await wire.closed
      expect(code).equal(door.name.startsWith('ws') ? 1012 : undefined)
      await gone
      expect((await failureOf(wire.receive())).fault).equal('closed')
    })

    it(`by ${door.name} closes when it is told to`, async () => {
      const wire = await wired(await door.open(router))
      await wire.close(1000, 'enough')
      expect(wire.failure?.message).equal('the connection was closed from here')
      expect(() => wire.send(HELLO_ALL)).throws(RemoteError, 'closed from here')
    })

    it(`by ${door.name} sends what is no message, and hears what becomes of it`, async () => {
      const wire = await wired(await door.open(router))
      wire.sendFrame(Buffer.from('no message'))
      expect((await wire.receive()).type).equal(ABORT)
      const { code } = await wire.closed
      expect(code).equal(door.name.startsWith('ws') ? 1002 : undefined)
    })

    it(`by ${door.name} writes bytes beside all frames`, async () => {
      const wire = await wired(await door.open(router))
      wire.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
      await wire.closed
      expect(wire.failure?.fault).equal('closed')
    })
  }

  it('has messages heard as they come, those first that came before', async () => {
    const url = await webSocketOf(socket => {
      for (let i = 1; i < 4; i++) socket.send(`[17,${i},1]`)
      socket.on('message', () => socket.send('[17,4,1]'))
    })
    const wire = await wired(url)
    await pause(20)
    const heard: unknown[] = []
    expect(await wire.receive()).include({ request: 1 })
    wire.onMessage(message => heard.push((message as { request: number }).request))
    wire.sendFrame(Buffer.from('x'))
    await eventually('the last', () => heard.length === 3)
    expect(heard).deep.equal([2, 3, 4])
  })

  it('reads no further than somebody receives', async () => {
    const text = `[36,1,1,{},["${'x'.repeat(100_000)}"]]`
    let router: WebSocket | undefined
    const url = await webSocketOf(socket => {
      router = socket
      for (let i = 0; i < 400; i++) socket.send(text)
    })
    const wire = await wired(url)
    await pause(200)
    expect(router?.bufferedAmount).above(10_000_000)
    for (let i = 0; i < 400; i++) await wire.receive()
  })

  describe('that waits in vain', () => {
    it('says so', async () => {
      const wire = await wired((await DOORS[0]?.open(router)) as string)
      const failure = await failureOf(wire.receive(20))
      expect(failure).include({ fault: 'timeout', message: 'the router sent nothing in time' })
      wire.send(HELLO_ALL)
      expect((await wire.receive()).type).equal(WELCOME)
    })
  })

  const UNSOUND: [string, (socket: WebSocket) => void, string][] = [
    ['something else', socket => socket.send('[]'), 'message type is no integer'],
    ['a frame of bytes', socket => socket.send(Buffer.from('[17,1,1]')), 'a frame of bytes'],
    ['a message with a hole', socket => socket.send('[2]'), 'WELCOME: session is missing'],
  ]
  for (const [what, serve, text] of UNSOUND) {
    it(`that brings ${what} breaks off`, async () => {
      const wire = await wired(await webSocketOf(serve))
      const failure = await failureOf(wire.receive())
      expect(failure.fault).equal('unsound')
      expect(failure.message).include(text)
      await wire.closed
    })
  }

  it('that brings bytes which are no UTF-8 by RawSocket breaks off', async () => {
    const url = await serverOf(socket => socket.write(Buffer.from('7ff10000000000025bff', 'hex')))
    const wire = await wired(url)
    const { fault, message } = await failureOf(wire.receive())
    expect({ fault, message }).deep.equal({
      fault: 'unsound',
      message: 'the router sent what is no WAMP message: it is no UTF-8',
    })
  })

  it('that brings an unsound frame by RawSocket breaks off', async () => {
    const wire = await wired(await serverOf(s => s.write(Buffer.from('7ff10000ff000000', 'hex'))))
    const { message } = await failureOf(wire.receive())
    expect(message).include('unsound frame: reserved bits are set')
  })

  it('answers pings of RawSocket', async () => {
    const heard: Buffer[] = []
    const url = await serverOf(socket => {
      socket.on('data', bytes => heard.push(bytes))
      socket.write(Buffer.from('7ff10000010000026162', 'hex'))
    })
    await wired(url)
    await eventually('a pong', () => Buffer.concat(heard).toString('hex').endsWith('020000026162'))
  })

  it('sends no message that is longer than the router takes', async () => {
    const wire = await wired(await serverOf(socket => socket.write(Buffer.from('7f010000', 'hex'))))
    const payload = Payload.of(['x'.repeat(600)])
    const publish: Message = { type: PUBLISH, request: 1, options: {}, topic: 'a.b', payload }
    expect(() => wire.send(publish)).throws('the router takes messages of 512 bytes at most')
    wire.sendFrame(Buffer.alloc(600))
  })

  describe('that cannot be had', () => {
    async function whyNot(url: string, options: WireOptions = {}): Promise<string> {
      const failure = await failureOf(wired(url, options))
      expect(failure.fault).equal('unreachable')
      return failure.message.replace(/^no connection to \S+: /, '')
    }

    const doorAt = (name: string) => DOORS.find(door => door.name === name) as (typeof DOORS)[0]

    it('because nothing listens', async () => {
      const port = await freePort()
      for (const scheme of ['ws', 'wss', 'rs', 'rss']) {
        expect(await whyNot(`${scheme}://127.0.0.1:${port}`)).equal('nothing listens there')
        expect(await whyNot(`${scheme}://localhost:${port}`)).equal('nothing listens there')
      }
      for (const url of ['ws+unix:/nowhere.sock:/ws', 'rs+unix:/nowhere.sock']) {
        expect(await whyNot(url)).equal('there is no such socket')
      }
    })

    it('because there is no such host', async () => {
      const text = /there is no host of that name|cannot be looked up/
      expect(await whyNot('ws://nowhere.invalid/ws')).match(text)
      expect(await whyNot('rs://nowhere.invalid:1')).match(text)
    })

    it('because nothing is served at the path', async () => {
      const { port } = await router.listen({ port: 0, paths: ['/ws'] })
      const text = 'it answered with HTTP status 404, no WebSocket is served there'
      expect(await whyNot(`ws://127.0.0.1:${port}/other`)).equal(text)
    })

    it('because the serializer is not spoken', async () => {
      const [cbor] = SERIALIZERS.filter(({ name }) => name === 'cbor')
      for (const name of ['ws: on ws', 'rs:']) {
        const url = await doorAt(name).open(router, { serializers: ['json'] })
        const options = cbor === undefined ? {} : { serializer: cbor }
        const why = await whyNot(url, options)
        expect(why).match(/it does not speak this serializer there|HTTP status 400/)
      }
    })

    it('because its certificate is not trusted', async () => {
      for (const name of ['wss: on ws', 'rss:']) {
        const url = await doorAt(name).open(router)
        const text = 'its certificate is self-signed, and not known here'
        expect(await whyNot(url, { tls: {} })).equal(text)
        await wired(url, { tls: { insecure: true } })
      }
    })

    it('because its certificate is for other names', async () => {
      const url = await doorAt('wss: on ws').open(router)
      const other = url.replace('localhost', '127.0.0.2')
      expect(await whyNot(other)).match(/its certificate is one for other names|nothing listens/)
    })

    it('because there is no TLS', async () => {
      for (const name of ['ws: on ws', 'rs:']) {
        const url = (await doorAt(name).open(router)).replace(/^(..)/, '$1s')
        expect(await whyNot(url)).match(/it does not speak TLS|cut the connection off|before/)
      }
    })

    it('because something else is spoken', async () => {
      const greets = (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.6\r\n')
      expect(await whyNot(await serverOf(greets))).equal('it does not speak RawSocket')
      expect(await whyNot(await serverOf(greets, 'ws'))).equal('it does not speak WebSocket')
    })

    it('because RawSocket is refused', async () => {
      const texts: Record<number, string> = {
        1: 'it does not speak this serializer there',
        2: 'it does not take this length of messages',
        4: 'it has as many connections as it takes',
        9: 'it refuses',
      }
      for (const [error, text] of Object.entries(texts)) {
        const answer = Buffer.from([0x7f, Number(error) << 4, 0, 0])
        expect(await whyNot(await serverOf(socket => socket.end(answer)))).equal(text)
      }
    })

    it('because it is closed at once', async () => {
      expect(await whyNot(await serverOf(socket => socket.end()))).match(/closed the connection/)
      const why = await whyNot(await serverOf(socket => socket.end(), 'ws'))
      expect(why).match(/socket hang up|cut the connection off/)
    })

    it('in time', async () => {
      for (const scheme of ['ws', 'wss', 'rs', 'rss']) {
        const url = await serverOf(() => {}, scheme)
        const failure = await failureOf(wired(url, { timeout: 50 }))
        expect(failure).include({ fault: 'timeout', message: `${url} does not answer` })
      }
    })

    it('before the attempt is given up', async () => {
      for (const scheme of ['ws', 'rs']) {
        const url = await serverOf(() => {}, scheme)
        const giving = new AbortController()
        setTimeout(() => giving.abort(new Error('given up')), 20)
        const error = await wired(url, { signal: giving.signal }).catch(error => error)
        expect(error.message).equal('given up')
      }
    })

    const WRONG: Record<string, string> = {
      '': ' is no URL of a router',
      'http://127.0.0.1': 'http://127.0.0.1 is no URL of a router',
      'ws://me:secret@127.0.0.1/ws': 'a URL holds no password here',
      'ws://127.0.0.1/ws#there': 'has a fragment',
      'rs://127.0.0.1': 'names no host and port',
      'rs://127.0.0.1:1/ws': 'has a path, and RawSocket has none',
      'rss://unix:/run/wampd.sock': 'has a path',
      'rs+unix:': 'is not of the form rs+unix:/run/wampd.sock',
      'rs+unix://host/path': 'is not of the form rs+unix:/run/wampd.sock',
      'ws+unix:': 'is not of the form ws+unix:/run/wampd.sock:/ws',
      'ws+unix:/a:/b:/c': 'is not of the form',
      'rs+unix:/%zz': 'has a % without two hex digits behind it',
    }
    for (const [url, text] of Object.entries(WRONG)) {
      it(`by ${url || 'nothing'}`, async () => {
        const failure = await failureOf(connect(url))
        expect(failure.fault).equal('address')
        expect(failure.message).include(text)
        expect(failure.message).not.include('secret')
      })
    }
  })
})
