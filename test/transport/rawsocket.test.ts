import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { expect } from 'chai'
import type { ListenOptions } from '../../src/doors.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'
import { freePort } from '../helpers/free-port.ts'
import { hangUp, hello, member, pause, within } from '../helpers/raw-client.ts'
import { RawSocket } from '../helpers/raw-socket.ts'
import {
  MESSAGE,
  RawSocketPeer,
  RS_PING,
  RS_PONG,
  rawClient,
  rawFrame,
  rawHandshake,
  rawMember,
  shaken,
} from '../helpers/rawsocket-client.ts'
import { RAW_KINDS } from '../helpers/rawsocket-kinds.ts'
import { carriesMessages, type Door } from './carriage.ts'

for (const kind of RAW_KINDS) {
  describe(`RawSocket ${kind.name}`, () => {
    carriesMessages(kind)

    describe('a connection', () => {
      const log = errorLog()
      let router: Router
      let door: Door
      before(async () => {
        router = createRouter({ development: true, logger: log })
        door = await kind.open(router, {})
      })
      after(() => router.close({ grace: 0 }))
      afterEach(() => {
        hangUp()
        expect(log.errors).deep.equal([])
      })

      it('may come byte by byte, and many frames in one segment', async () => {
        const peer = new RawSocketPeer(await kind.socket(door))
        const frames = [rawHandshake(), rawFrame(MESSAGE, JSON.stringify(hello()))]
        for (const byte of Buffer.concat(frames)) {
          peer.write(Buffer.from([byte]))
          await pause(0)
        }
        expect((await peer.bytes(4))?.toString('hex')).equal('7fb10000')
        expect((await peer.message())?.[0]).equal(2)
        const requests = Array.from({ length: 50 }, (_, i) => [32, i + 1, {}, `a.${i}`])
        const all = requests.map(one => rawFrame(MESSAGE, JSON.stringify(one)))
        peer.write(Buffer.concat(all))
        for (let i = 0; i < 50; i++) expect((await peer.message())?.[1]).equal(i + 1)
        await peer.close()
      })

      it('may have its first messages behind the handshake in the same segment', async () => {
        const peer = new RawSocketPeer(await kind.socket(door))
        const ping = rawFrame(RS_PING, 'early')
        const join = rawFrame(MESSAGE, JSON.stringify(hello()))
        peer.write(Buffer.concat([rawHandshake(), ping, join]))
        expect((await peer.bytes(4))?.toString('hex')).equal('7fb10000')
        expect((await peer.frame())?.payload.toString()).equal('early')
        expect((await peer.message())?.[0]).equal(2)
        await peer.close()
      })

      it('may begin no message before WELCOME that is longer than a HELLO', async () => {
        const peer = new RawSocketPeer(await kind.socket(door))
        await peer.shake()
        const before = router.status().counters.protocol_violations
        peer.write(rawFrame(MESSAGE, ' '.repeat(70_000), 1 << 20))
        expect((await peer.message())?.[2]).equal('wamp.error.protocol_violation')
        expect(router.status().counters.protocol_violations).equal(before + 1)
        await within(4000, 'end', peer.gone)
      })

      it('is told of in the details of its session', async () => {
        const client = await kind.client(door, 'wamp.2.cbor')
        const [, id] = await client.join()
        const local = router.session('realm1')
        const details = (await local.call('wamp.session.get', [id])) as { transport: object }
        expect(details.transport).deep.include({
          type: 'rawsocket',
          protocol: 'wamp.2.cbor',
          peer: kind.name.includes('unix') ? 'unix' : '127.0.0.1',
          secure: /TLS|HTTPS/.test(kind.name),
        })
        local.close()
        await client.close()
      })

      it('ends after GOODBYE of the router, in words and with FIN', async () => {
        const own = createRouter({ development: true, logger: log })
        const peer = await kind.peer(await kind.open(own, {}))
        await peer.ask(hello())
        const closed = own.close({ final: true })
        const goodbye = await peer.message()
        expect([goodbye?.[0], goodbye?.[2]]).deep.equal([6, 'wamp.close.system_shutdown'])
        peer.send([6, {}, 'wamp.close.goodbye_and_out'])
        expect(await peer.frame()).equal(null)
        peer.socket.end()
        await closed
      })

      it('that is half closed gets what was asked for, and ends', async () => {
        const peer = await kind.peer(door)
        await peer.ask(hello())
        peer.socket.end(rawFrame(MESSAGE, JSON.stringify([32, 1, {}, 'a'])))
        expect((await peer.message())?.[0]).equal(33)
        await within(3000, 'end', peer.gone)
      })

      it('with an unsound message hears why in ABORT, and ends', async () => {
        const peer = await kind.peer(door)
        for (const what of ['', 'no JSON', '[48,1]']) {
          const one = await kind.peer(door)
          await one.ask(hello())
          one.write(rawFrame(MESSAGE, what))
          const abort = await one.message()
          expect([abort?.[0], abort?.[2]]).deep.equal([3, 'wamp.error.protocol_violation'])
          expect(await one.frame()).equal(null)
        }
        expect((await peer.ask(hello()))?.[0]).equal(2)
        await peer.close()
      })
    })
  })
}

describe('the handshake of RawSocket', () => {
  let router: Router
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })

  const listen = async (options: ListenOptions = {}) => {
    router = createRouter({ development: true, logger: errorLog() })
    return (await router.listen({ type: 'rawsocket', port: 0, ...options })).port
  }
  const answerTo = async (port: number, octets: string) => {
    const peer = new RawSocketPeer(port)
    const answer = await peer.shake(Buffer.from(octets, 'hex'))
    const text = answer?.toString('hex') ?? 'nothing'
    return { text, peer }
  }
  const counted = () => router.status().counters

  it('echoes the serializer, and announces the power of two that is not over the limit', async () => {
    const limits = { 1024: '1', 300000: '9', [1 << 20]: 'b', [500 << 20]: 'f' }
    for (const [limit, length] of Object.entries(limits)) {
      const port = await listen({ maxMessageSize: Number(limit) })
      for (const number of ['1', '2', '3']) {
        const { text } = await answerTo(port, `7f0${number}0000`)
        expect(text, limit).equal(`7f${length}${number}0000`)
      }
      hangUp()
      await router.close({ grace: 0 })
    }
  })

  it('refuses serializers that are not spoken, and reserved octets, and hangs up', async () => {
    const port = await listen({ serializers: ['cbor'] })
    const answers = {
      '7ff10000': '7f100000',
      '7ff20000': '7f100000',
      '7ff40000': '7f100000',
      '7ff00000': '7f100000',
      '7fff0000': '7f100000',
      '7ff30001': '7f300000',
      '7ff38000': '7f300000',
      '7ff30000': '7fb30000',
    }
    for (const [octets, expected] of Object.entries(answers)) {
      const { text, peer } = await answerTo(port, octets)
      expect(text, octets).equal(expected)
      if (expected.endsWith('b30000')) continue
      expect(await peer.bytes(1)).equal(null)
      await within(2000, 'end', peer.gone)
    }
    expect(counted()).include({ refused_protocols: 5, bad_handshakes: 2 })
  })

  it('does not answer what is no RawSocket', async () => {
    const port = await listen()
    for (const bytes of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x16\x03\x01',
      '\x00',
      '\x7e\x7f\x7f\x7f\x7f',
    ]) {
      const socket = new RawSocketPeer(port)
      socket.write(Buffer.from(bytes, 'latin1'))
      expect(await socket.bytes(1), bytes).equal(null)
    }
    expect(counted()).include({ bad_handshakes: 4 })
  })

  it('that takes too long is cut off', async () => {
    const port = await listen({ handshakeTimeout: 50 })
    for (const part of ['', '7f', '7ff100']) {
      const socket = new RawSocketPeer(port)
      if (part !== '') socket.write(Buffer.from(part, 'hex'))
      await within(2000, 'end', socket.gone)
    }
    expect(counted()).include({ silent: 3 })
    // HELLO has the same time.
    const peer = await shaken(port)
    await within(2000, 'end', peer.gone)
    expect(counted()).include({ silent: 4 })
  })

  it('is refused where too many have no session, those with no handshake among them', async () => {
    const port = await listen({ maxHandshakes: 2 })
    const [silent, waiting] = [new RawSocketPeer(port), await shaken(port)]
    const { text, peer } = await answerTo(port, '7ff10000')
    expect(text).equal('7f400000')
    await within(2000, 'end', peer.gone)
    expect(counted()).include({ refused_connections: 1 })
    await silent.close()
    await waiting.ask(hello())
    await pause(20)
    expect((await answerTo(port, '7ff10000')).text).equal('7fb10000')
  })

  it('ends with the connection', async () => {
    const port = await listen({ maxHandshakes: 1 })
    for (let i = 0; i < 5; i++) {
      const socket = new RawSocketPeer(port)
      socket.write(Buffer.from([0x7f]))
      await pause(10)
      if (i % 2) socket.reset()
      else socket.socket.end()
      await socket.gone
      await pause(10)
    }
    expect((await answerTo(port, '7ff10000')).text).equal('7fb10000')
  })
})

describe('frames of RawSocket', () => {
  const log = errorLog()
  let router: Router
  let port: number
  before(async () => {
    router = createRouter({ development: true, logger: log })
    port = (await router.listen({ type: 'rawsocket', port: 0, maxMessageSize: 1 << 24 })).port
  })
  after(() => router.close({ grace: 0 }))
  afterEach(() => {
    hangUp()
    expect(log.errors).deep.equal([])
  })

  it('a ping is answered once, with its payload, before HELLO too', async () => {
    const peer = await shaken(port)
    for (const payload of ['', 'abc', 'x'.repeat(60_000)]) {
      peer.write(rawFrame(RS_PING, payload))
      const pong = await peer.frame()
      expect(pong?.opcode).equal(RS_PONG)
      expect(pong?.payload.toString() === payload).equal(true)
    }
    expect((await peer.ask(hello()))?.[0]).equal(2)
    await peer.close()
  })

  it('an unasked pong is ignored', async () => {
    const peer = await shaken(port)
    peer.write(rawFrame(RS_PONG, 'nobody asked'))
    expect((await peer.ask(hello()))?.[0]).equal(2)
    await peer.close()
  })

  it('pings whose answers are not read are not taken in without end', async () => {
    const peer = await shaken(port)
    await peer.ask(hello())
    peer.socket.pause()
    const ping = rawFrame(RS_PING, Buffer.alloc(1 << 20))
    let isFull = false
    for (let i = 0; i < 200 && !isFull; i++) {
      isFull = !(await new Promise<boolean>(resolve => {
        const timer = setTimeout(() => resolve(false), 300)
        peer.socket.write(ping, () => {
          clearTimeout(timer)
          resolve(true)
        })
      }))
    }
    expect(isFull).equal(true)
    await peer.close()
  })

  it('a message may have 16 MiB, whose length has a bit of its own', async () => {
    const peer = await shaken(port)
    await peer.ask(hello())
    await peer.ask([64, 1, {}, 'size.of'])
    const head = '[16,2,{"acknowledge":true},"a",["'
    for (const size of [(1 << 24) - 1, 1 << 24]) {
      const text = `${head}${'x'.repeat(size - head.length - 3)}"]]`.slice(0, size - 1)
      peer.write(rawFrame(MESSAGE, `${text}]`))
      expect((await peer.message())?.[0], String(size)).equal(17)
    }
    await peer.close()
  })

  const broken: Record<string, Buffer> = {
    'of a kind that is not there': rawFrame(3, 'x'),
    'of kind 7': rawFrame(7, 'x'),
    'with reserved bits': Buffer.concat([Buffer.from([0x10, 0, 0, 1]), Buffer.from('x')]),
    'with the highest bit': Buffer.from([0x80, 0, 0, 0]),
    'longer than 16 MiB': Buffer.from([0x08, 0, 0, 1]),
    'with text that is no UTF-8': rawFrame(
      MESSAGE,
      Buffer.from('[48,2,{},"a",["\xff"]]', 'latin1'),
    ),
  }
  for (const [name, bytes] of Object.entries(broken)) {
    it(`one ${name} ends the connection`, async () => {
      const peer = await shaken(port)
      await peer.ask(hello())
      await peer.ask([64, 1, {}, 'of.the.broken'])
      peer.write(bytes)
      expect(await peer.frame()).equal(null)
      const other = await rawMember(port)
      expect((await other.ask([64, 1, {}, 'of.the.broken']))[0]).equal(65)
      await other.close()
    })
  }

  it('one over the limit ends the connection with its header', async () => {
    const own = createRouter({ development: true, logger: log })
    const listening = await own.listen({ type: 'rawsocket', port: 0, maxMessageSize: 4096 })
    for (const kind of [MESSAGE, RS_PING]) {
      const peer = await shaken(listening.port)
      await peer.ask(hello())
      peer.write(rawFrame(kind, '', 4097))
      expect(await peer.frame()).equal(null)
      await within(2000, 'end', peer.gone)
    }
    await own.close({ grace: 0 })
  })
})

describe('the length that a client of RawSocket takes', () => {
  let router: Router
  let port: number
  beforeEach(async () => {
    router = createRouter({ development: true, logger: errorLog() })
    port = (await router.listen({ type: 'rawsocket', port: 0 })).port
  })
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })
  const long = 'x'.repeat(3000)

  it('is kept to by events: longer ones are left out, and counted', async () => {
    const [short, other] = [await rawMember(port, 'wamp.2.json', 2), await rawMember(port)]
    await short.ask([32, 1, {}, 'a'])
    await other.ask([32, 1, {}, 'a'])
    const publisher = await rawMember(port)
    await publisher.ask([16, 1, { acknowledge: true }, 'a', [long]])
    await publisher.ask([16, 2, { acknowledge: true }, 'a', ['short']])
    const [, , publication, details, payload] = (await short.next()) as [...unknown[]]
    expect(payload).deep.equal(['short'])
    expect(details).property('_missed').property('count').equal(1)
    expect(details).property('_missed').property('to').not.equal(publication)
    expect((await other.next())[4]).deep.equal([long])
    expect(router.status().counters.oversized_messages).equal(1)
  })

  it('ends calls that would exceed it at either end, and no other', async () => {
    const [callee, caller] = [await rawMember(port, 'wamp.2.json', 2), await rawMember(port)]
    await callee.ask([64, 1, {}, 'by.short'])
    await caller.ask([64, 1, {}, 'by.long'])
    const tooLong = await caller.ask([48, 2, {}, 'by.short', [long]])
    expect([tooLong[0], tooLong[2], tooLong[4]]).deep.equal([
      8,
      2,
      'wamp.error.payload_size_exceeded',
    ])
    callee.send([48, 2, {}, 'by.long'])
    const invocation = await caller.next()
    caller.send([70, invocation[1], {}, [long]])
    const answer = await callee.next()
    expect([answer[0], answer[2], answer[4]]).deep.equal([8, 2, 'wamp.error.payload_size_exceeded'])
    caller.send([48, 3, {}, 'by.short', ['fits']])
    const second = await callee.next()
    callee.send([70, second[1], {}, ['fits too']])
    expect((await caller.next()).slice(0, 2)).deep.equal([50, 3])
  })

  it('may be 512: then WELCOME goes without the features', async () => {
    const client = await rawMember(port, 'wamp.2.json', 0)
    expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
    expect((await client.ask([48, 2, {}, `no.such.${'x'.repeat(400)}`]))[0]).equal(8)
  })

  it('leaves out the text of a farewell that is too long', async () => {
    const client = await rawClient(port, 'wamp.2.json', 0)
    const [, id] = await client.join()
    const local = router.session('realm1')
    const kill = { reason: 'a.reason', message: 'm'.repeat(1000) }
    await local.call('wamp.session.kill', [id], kill)
    const goodbye = await client.next()
    expect(goodbye).deep.equal([6, {}, 'a.reason'])
    local.close()
  })
})

describe('signs of life over RawSocket', () => {
  let router: Router
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })
  const open = async () => {
    router = createRouter({ development: true, logger: errorLog() })
    const options: ListenOptions = { type: 'rawsocket', port: 0, pingInterval: 100 }
    return shaken((await router.listen(options)).port)
  }

  it('are asked of clients that have shown that they know pings', async () => {
    const peer = await open()
    await peer.ask(hello())
    peer.write(rawFrame(RS_PING, 'mine'))
    expect((await peer.frame())?.opcode).equal(RS_PONG)
    for (let i = 0; i < 3; i++) {
      const ping = await peer.frame()
      expect(ping?.opcode).equal(RS_PING)
      expect(ping?.payload.length).above(0)
      peer.write(rawFrame(RS_PONG, ping?.payload))
    }
    // It does not answer any more.
    while ((await peer.frame()) !== null);
    expect(router.status().counters.dead_peers).equal(1)
  })

  it('are not asked of others, who may not bear it', async () => {
    const peer = await open()
    await peer.ask(hello())
    await pause(500)
    expect((await peer.ask([32, 1, {}, 'a']))?.[0]).equal(33)
  })
})

describe('a port that takes RawSocket and HTTP', () => {
  let router: Router
  let port: number
  beforeEach(async () => {
    router = createRouter({ development: true, logger: errorLog() })
    port = (await router.listen({ port: 0, rawsocket: true, handshakeTimeout: 200 })).port
  })
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })

  it('closes connections that say nothing', async () => {
    const socket = new RawSocket(port)
    await within(2000, 'end', socket.gone)
    expect(router.status().counters.silent).equal(1)
  })

  it('closes with the router, those that have said nothing as well', async () => {
    const socket = new RawSocket(port)
    await pause(20)
    await router.close({ grace: 0 })
    await socket.gone
  })

  it('has requests answered in order that come in one segment, or in bytes', async () => {
    const request = 'GET /ws HTTP/1.1\r\nHost: a\r\n\r\n'
    const socket = new RawSocket(port)
    socket.write(request.repeat(5))
    for (let i = 0; i < 5; i++) expect((await socket.answer())?.status).equal(200)
    await socket.close()
    const slow = new RawSocket(port)
    for (const byte of Buffer.from(request.repeat(2))) {
      slow.write(Buffer.from([byte]))
      await pause(0)
    }
    for (let i = 0; i < 2; i++) expect((await slow.answer())?.status).equal(200)
    await slow.close()
  })
})

describe('a unix socket', () => {
  it('is refused where somebody listens or where there is another file', async () => {
    const router = createRouter({ development: true })
    const path = `/tmp/wampd-taken-${process.pid}.sock`
    const taken = createServer()
    await new Promise<void>(done => taken.listen(path, done))
    const refusal = (p: string) =>
      router.listen({ type: 'rawsocket', socket: { path: p } }).then(String, error => error.message)
    expect(await refusal(path)).equal(`cannot listen on ${path}: somebody listens there`)
    await new Promise(done => taken.close(done))
    expect(await refusal('package.json')).contain('is no socket')
    expect(await refusal('/nowhere/at/all.sock')).contain('cannot listen on /nowhere/at/all.sock')
    await router.close()
  })
})

describe('a port for RawSocket', () => {
  const make = () => createRouter({ development: true, logger: errorLog() })
  afterEach(hangUp)

  it('says that it is in use, or that its certificate cannot be used', async () => {
    const router = make()
    const { port } = await router.listen({ type: 'rawsocket', port: 0 })
    const refusal = (options: ListenOptions) =>
      router.listen({ type: 'rawsocket', port: 0, ...options }).then(String, error => error.message)
    expect(await refusal({ port })).equal(`cannot listen on 127.0.0.1:${port}: the port is in use`)
    const tls = { certificate: '/nowhere.crt', key: '/nowhere.key' }
    expect(await refusal({ tls })).contain('/nowhere.crt')
    const key = 'test/fixtures/localhost.key'
    const named = { ...tls, names: ['a'] }
    const own = { certificate: 'test/fixtures/localhost.crt', key }
    expect(await refusal({ tls: { ...own, names: [named] } })).contain('/nowhere.crt')
    expect(await refusal({ trustedProxies: ['10.0.0.0/99'] })).contain('10.0.0.0/99 is no address')
    await router.close()
  })

  it('is free after close, as the path of a unix socket is', async () => {
    const socket = { path: `/tmp/wampd-again-${process.pid}.sock`, mode: 0o660 }
    const port = await freePort()
    for (const where of [{ port }, { port }, { socket }, { socket }]) {
      const router = make()
      await router.listen({ type: 'rawsocket', ...where })
      if ('socket' in where) expect(statSync(socket.path).mode & 0o777).equal(0o660)
      const peer = await shaken('socket' in where ? createConnection(socket.path) : port)
      await router.close({ grace: 0 })
      await peer.gone
    }
    expect(existsSync(socket.path)).equal(false)
  })

  it('takes the place of a unix socket that nobody answers at, which is closed to others', async () => {
    const path = `/tmp/wampd-stale-${process.pid}.sock`
    const script = `require('net').createServer().listen('${path}', () => process.kill(process.pid, 9))`
    spawnSync(process.execPath, ['-e', script])
    expect(statSync(path).isSocket()).equal(true)
    const router = make()
    await router.listen({ type: 'rawsocket', socket: { path } })
    expect(statSync(path).mode & 0o777).equal(0o600)
    expect((await (await shaken(createConnection(path))).ask(hello()))?.[0]).equal(2)
    await router.close({ grace: 0 })
  })

  it('takes WebSockets on a unix socket, too', async () => {
    const path = `/tmp/wampd-ws-${process.pid}.sock`
    const router = make()
    const { url, transport } = await router.listen({ socket: { path } })
    expect([url, transport]).deep.equal([`ws+unix:${path}:/ws`, 'ws'])
    const client = await member(url)
    expect((await client.ask([32, 1, {}, 'a']))[0]).equal(33)
    await client.close()
    await router.close()
  })
})
