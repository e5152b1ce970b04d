import { expect } from 'chai'
import { WampError } from '../../src/protocol/errors.ts'
import { createRouter, type Router } from '../../src/router.ts'
import {
  connect,
  eventually,
  hangUp,
  hello,
  member,
  PROTOCOLS,
  type RawClient,
  within,
} from '../helpers/raw-client.ts'
import { CLOSE, frame, handshake, http, upgraded } from '../helpers/raw-socket.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const GOODBYE = [6, {}, 'wamp.close.close_realm']
const GOODBYE_AND_OUT = [6, {}, 'wamp.close.goodbye_and_out']

describe('closing a session', () => {
  let router: Router
  let url: string
  let port: number
  let other: RawClient

  before(async () => {
    router = createRouter({ development: true })
    const listening = await router.listen({ port: 0 })
    url = listening.url
    port = listening.port
    other = await member(url)
  })
  after(async () => {
    hangUp()
    await router.close()
  })

  async function isFree(procedure: string): Promise<void> {
    const [type, , registration] = await other.ask([64, 1, {}, procedure])
    expect(type, `${procedure} is free`).equal(65)
    await other.ask([66, 2, registration])
  }

  for (const protocol of PROTOCOLS) {
    it(`GOODBYE is answered, whatever its reason, over ${protocol}`, async () => {
      for (const reason of ['wamp.close.close_realm', 'my.own.reason', 'no uri at all', '']) {
        const client = await member(url, protocol)
        const answer = await client.ask([6, { message: 'bye', more: [1] }, reason])
        expect(answer).deep.equal(GOODBYE_AND_OUT)
        await client.close()
      }
    })
  }

  it('GOODBYE ends all that the session held, and no event comes behind the answer', async () => {
    const client = await member(url)
    await client.ask([32, 1, {}, 'a.topic'])
    await client.ask([64, 2, {}, 'a.procedure'])
    expect(await client.ask(GOODBYE)).deep.equal(GOODBYE_AND_OUT)
    await other.ask([16, 1, { acknowledge: true }, 'a.topic', ['nobody']])
    await isFree('a.procedure')
    expect((await client.join())[0], 'what came next').equal(2)
    await client.close()
  })

  it('a new HELLO on the connection opens a new session with nothing of the old', async () => {
    const client = await member(url)
    const [, first] = await (async () => {
      await client.ask(GOODBYE)
      return client.join()
    })()
    await client.ask([32, 1, {}, 'a.topic'])
    const [, , registration] = await client.ask([64, 2, {}, 'a.procedure'])
    await client.ask(GOODBYE)
    const [, second] = await client.join()
    expect(second).not.equal(first)
    await other.ask([16, 1, { acknowledge: true }, 'a.topic', ['nobody']])
    const answer = await client.ask([66, 1, registration])
    expect(answer[4]).equal('wamp.error.no_such_registration')
    expect((await client.ask([64, 1, {}, 'a.procedure']))[0]).equal(65)
    await client.close()
  })

  it('a new HELLO may name another realm', async () => {
    const client = await member(url)
    await client.ask(GOODBYE)
    expect((await client.join('realm2'))[2])
      .property('realm')
      .equal('realm2')
    await client.close()
  })

  it('what is pipelined behind GOODBYE is not served as the old session', async () => {
    const client = await member(url)
    client.send(GOODBYE)
    client.send([64, 1, {}, 'behind.goodbye'])
    const [goodbye, abort] = await client.rest()
    expect(goodbye).deep.equal(GOODBYE_AND_OUT)
    expect(abort?.[2]).equal('wamp.error.protocol_violation')
    await isFree('behind.goodbye')
  })

  it('a HELLO pipelined behind GOODBYE is served', async () => {
    const client = await member(url)
    for (const message of [GOODBYE, hello(), [32, 1, {}, 'a']]) client.send(message)
    const answers = await client.take(3)
    expect(answers.map(answer => answer[0])).deep.equal([6, 2, 33])
    await client.close()
  })

  it('ABORT from a client ends its session and connection without a word', async () => {
    for (const client of [await member(url), await member(url, 'wamp.2.cbor')]) {
      await client.ask([64, 1, {}, 'of.the.aborting'])
      client.send([3, { message: 'enough' }, 'my.reason'])
      client.send([64, 2, {}, 'behind.the.abort'])
      expect(await client.rest()).deep.equal([])
      expect((await client.closed).code).equal(1000)
      await isFree('of.the.aborting')
      await isFree('behind.the.abort')
    }
  })

  it('the calls that a leaving callee owes are answered', async () => {
    const callee = await member(url)
    await callee.ask([64, 1, {}, 'a.procedure'])
    other.send([48, 9, {}, 'a.procedure'])
    await callee.next()
    callee.send(GOODBYE)
    const answer = await other.next()
    expect([answer[0], answer[2], answer[4]]).deep.equal([8, 9, 'wamp.error.canceled'])
    await callee.close()
  })

  it('a close frame without GOODBYE ends all that the session held', async () => {
    const client = await member(url)
    await client.ask([64, 1, {}, 'of.the.closing'])
    await client.close()
    await isFree('of.the.closing')
  })

  it('a peer that does not close is not waited for', async () => {
    const socket = await upgraded(port)
    await socket.ask(hello())
    await socket.ask([64, 1, {}, 'of.the.deaf'])
    socket.send([3, {}, 'my.reason'])
    expect((await socket.frame())?.opcode).equal(CLOSE)
    socket.send([64, 2, {}, 'of.the.deaf.again'])
    await isFree('of.the.deaf')
    await isFree('of.the.deaf.again')
    await socket.close()
  })
})

for (const transport of TRANSPORTS) {
  describe(`closing a router on ${transport}`, () => {
    let router: Router
    let port: number
    let client: RawClient
    let silent: RawClient

    beforeEach(async () => {
      router = createRouter({ development: true })
      const listening = await router.listen({ port: 0, transport })
      port = listening.port
      client = await member(listening.url)
      silent = await member(listening.url)
    })
    afterEach(async () => {
      hangUp()
      await router.close()
    })

    it('that comes back closes with 1012', async () => {
      await within(1500, 'close', router.close())
      for (const each of [client, silent]) {
        expect(await each.rest()).deep.equal([])
        expect((await each.closed).code).equal(1012)
      }
    })

    it('for good says GOODBYE, and closes those who answer and those who do not', async () => {
      const closing = router.close({ final: true })
      for (const each of [client, silent]) {
        const [type, details, reason] = await each.next()
        expect([type, reason]).deep.equal([6, 'wamp.close.system_shutdown'])
        expect(details).property('message').a('string')
      }
      client.send(GOODBYE_AND_OUT)
      expect(await client.rest()).deep.equal([])
      expect((await client.closed).code).equal(1000)
      silent.send([32, 1, {}, 'a'])
      expect(await silent.rest(), 'what is sent after GOODBYE is ignored').deep.equal([])
      expect((await silent.closed).code).equal(1000)
      await within(1500, 'close', closing)
    })

    it('sends nothing behind GOODBYE, not even to who breaks the rules then', async () => {
      const closing = router.close({ final: true })
      await client.next()
      client.sendRaw('no message')
      expect(await client.rest()).deep.equal([])
      expect((await client.closed).code).equal(1002)
      silent.send(GOODBYE_AND_OUT)
      await closing
    })

    it('takes no new connections', async () => {
      const closing = router.close({ final: true })
      expect(await http(port, handshake())).equal(null)
      client.send(GOODBYE_AND_OUT)
      silent.send(GOODBYE_AND_OUT)
      await closing
    })

    it('ends sessions of the same process too', async () => {
      const local = router.session('realm1')
      await router.close()
      expect(await local.closed).equal('wamp.close.system_shutdown')
    })

    it('does not wait for peers that never close', async () => {
      const socket = await upgraded(port)
      await socket.ask(hello())
      await within(1500, 'close', router.close({ grace: 200 }))
      // The raw socket reads the close frame and never answers it.
      expect((await socket.frame())?.opcode).equal(CLOSE)
      socket.write(frame(1, 'still here'))
      await within(3000, 'end', socket.gone)
    })

    it('twice is once', async () => {
      await Promise.all([router.close(), router.close({ final: true })])
      await eventually('both are gone', () => client.socket.readyState === 3)
      await router.close()
    })
  })
}

for (const transport of TRANSPORTS) {
  it(`a reason that is too long for a close frame is cut short, over ${transport}`, async () => {
    const uri = `com.${'ü'.repeat(100)}`
    const check = () => {
      throw new WampError(uri)
    }
    const authenticate = { methods: ['anonymous'] as const, check }
    const router = createRouter({ development: true, authenticate })
    try {
      const { url } = await router.listen({ port: 0, transport })
      const client = await connect(url)
      expect((await client.ask(hello()))[2]).equal(uri)
      const { code, reason } = await client.closed
      expect(code).equal(1000)
      expect(uri.startsWith(reason.slice(0, 50))).equal(true)
    } finally {
      await router.close({ grace: 0 })
    }
  })
}
