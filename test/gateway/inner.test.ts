import { expect } from 'chai'
import { InnerSession, type Listener, textOf } from '../../src/gateway/inner.ts'
import type { Message } from '../../src/protocol/messages.ts'
import { CALL, PUBLISH } from '../../src/protocol/messages.ts'
import { NO_PAYLOAD } from '../../src/protocol/payload.ts'
import type { Connection, Receiver } from '../../src/transport/transport.ts'

const WELCOME = [2, 7, { agent: 'a router' }]

/** An inner session, and a router that says what it is told to. */
function scene(changes: Partial<Listener> = {}) {
  const sent: unknown[][] = []
  /** What happened, in order. */
  const told: string[] = []
  let connection: Connection | undefined
  let protocol = 'x'
  const receiver: Receiver = {
    bytes: (frame, binary) => {
      expect(binary).equal(false)
      sent.push(JSON.parse(Buffer.from(frame).toString()))
      told.push(`sent ${sent.at(-1)?.[0]}`)
    },
    drained: () => told.push('drained'),
    alive() {},
    farewell: (code, reason) => told.push(`farewell ${code} ${reason}`),
    closed: () => told.push('closed'),
  }
  const outer = {
    ...{ kind: 'test', remote: 'here', buffered: 3 },
    get protocol() {
      return protocol
    },
    ping: () => told.push('ping'),
    close: (code: number, reason: string) => told.push(`close ${code} ${reason}`),
    terminate: () => told.push('terminate'),
  }
  const listener: Listener = {
    event: ({ publication }) => told.push(`event ${publication}`),
    ended: (reason, text) => told.push(`ended ${reason} ${text}`),
    flush: () => told.push('flush'),
    ...changes,
  }
  const inner = new InnerSession(
    outer,
    opened => {
      connection = opened
      return receiver
    },
    listener,
  )
  const tell = async (...messages: unknown[][]) => {
    connection?.write(messages.map(message => Buffer.from(JSON.stringify(message))))
    await null
  }
  const speak = (other: string) => {
    protocol = other
  }
  return { inner, sent, told, tell, speak, connection: connection as unknown as Connection }
}

const joined = async (changes: Partial<Listener> = {}) => {
  const all = scene(changes)
  all.inner.join(
    'realm1',
    {},
    () => ({ signature: '' }),
    () => {},
  )
  await all.tell(WELCOME)
  all.sent.length = 0
  all.told.length = 0
  return all
}

describe('the session within a connection of another protocol', () => {
  it('shows the router the connection around it', async () => {
    const { connection, told, speak } = scene()
    expect(connection).include({ kind: 'test', remote: 'here', buffered: 3, secure: false })
    expect(connection.protocol).equal('x')
    speak('y')
    expect(connection.protocol).equal('y')
    connection.ping()
    connection.close(1000, 'bye')
    connection.terminate()
    expect(told).deep.equal(['ping', 'close 1000 bye', 'terminate'])
  })

  it('joins as a client with its roles, and answers a challenge in its own time', async () => {
    const { inner, sent, tell } = scene()
    let welcomed = 0
    const prove = async ({ method }: { method: string }) => ({ signature: `by ${method}` })
    inner.join('realm1', { authid: 'joe' }, prove, ({ session }) => {
      welcomed = session
    })
    expect(sent[0]?.slice(0, 2)).deep.equal([1, 'realm1'])
    const details = sent[0]?.[2] as { authid: string; roles: object }
    expect(details.authid).equal('joe')
    expect(Object.keys(details.roles)).deep.equal(['publisher', 'subscriber', 'caller'])
    await tell([4, 'ticket', {}])
    await new Promise(setImmediate)
    expect(sent[1]).deep.equal([5, 'by ticket', {}])
    await tell(WELCOME)
    expect(welcomed).equal(7)
  })

  it('ends where it has no answer to a challenge, and its listener knows before the router does', async () => {
    const { inner, told, tell } = scene()
    const prove = () => {
      throw new Error('no such method')
    }
    inner.join('realm1', {}, prove, () => {})
    await tell([4, 'ticket', {}])
    await new Promise(setImmediate)
    expect(told.slice(1)).deep.equal([
      'ended wamp.error.authentication_failed no such method',
      'sent 3',
      'flush',
      'drained',
    ])
  })

  it('says nothing more where it was gone before the answer to a challenge', async () => {
    const { inner, told, tell } = scene()
    inner.join(
      'realm1',
      {},
      () => new Promise(prove => setImmediate(() => prove({ signature: 'late' }))),
      () => {},
    )
    await tell([4, 'ticket', {}])
    inner.closed()
    await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(told.filter(one => one === 'sent 5')).deep.equal([])
  })

  it('gives each request its number, and tells each its answers', async () => {
    const { inner, sent, tell } = await joined()
    const answers: [string, Message][] = []
    const hear = (name: string) => (answer: Message) => answers.push([name, answer])
    const call = (request: number) =>
      ({ type: CALL, request, options: {}, procedure: 'a.b', payload: NO_PAYLOAD }) as const
    const publish = (request: number) =>
      ({ type: PUBLISH, request, options: {}, topic: 'a.b', payload: NO_PAYLOAD }) as const
    expect(inner.request(call, hear('call'))).equal(1)
    expect(inner.request(publish, hear('publish'))).equal(2)
    expect(sent).deep.equal([
      [48, 1, {}, 'a.b'],
      [16, 2, {}, 'a.b'],
    ])
    await tell(
      [50, 1, { progress: true }, [1]],
      [17, 2, 99],
      [50, 1, {}, [2]],
      [50, 1, {}, [3]],
      [8, 16, 2, {}, 'a.late.error'],
    )
    expect(answers.map(([name, { type }]) => `${name} ${type}`)).deep.equal([
      'call 50',
      'publish 17',
      'call 50',
    ])
  })

  it('tells events in their order, and when all of one go is told', async () => {
    const { told, tell } = await joined()
    await tell([36, 1, 11, {}], [36, 1, 12, {}])
    await tell([36, 1, 13, {}])
    expect(told).deep.equal([
      'event 11',
      'event 12',
      'flush',
      'drained',
      'event 13',
      'flush',
      'drained',
    ])
  })

  it('ends by GOODBYE and ABORT of the router, told before the answer goes out', async () => {
    const killed = await joined()
    await killed.tell([6, { message: 'bye' }, 'wamp.close.killed'], [36, 1, 12, {}])
    expect(killed.told).deep.equal(['ended wamp.close.killed bye', 'sent 6', 'flush', 'drained'])
    const aborted = await joined()
    await aborted.tell([3, {}, 'wamp.error.protocol_violation'])
    expect(aborted.told).deep.equal(['ended wamp.error.protocol_violation ', 'flush', 'drained'])
    aborted.inner.post({ type: CALL, request: 1, options: {}, procedure: 'a', payload: NO_PAYLOAD })
    expect(aborted.sent).deep.equal([])
  })

  it('ends by its own GOODBYE, which is not answered twice, and once only', async () => {
    const { inner, told, tell } = await joined()
    inner.leave()
    await tell([6, {}, 'wamp.close.goodbye_and_out'])
    inner.closed()
    expect(told).deep.equal([
      'sent 6',
      'ended wamp.close.goodbye_and_out ',
      'flush',
      'drained',
      'closed',
    ])
  })

  it('sends nothing behind its own GOODBYE', async () => {
    const { inner, sent } = await joined()
    inner.leave()
    const call = { type: CALL, options: {}, procedure: 'a.b', payload: NO_PAYLOAD } as const
    inner.request(
      request => ({ ...call, request }),
      () => expect.fail('it was answered'),
    )
    expect(sent.map(([type]) => type)).deep.equal([6])
  })

  it('ends where its listener fails, and the failure reaches nobody else', async () => {
    const failures: string[] = []
    const { told, tell } = await joined({
      event: () => {
        throw new Error('a bug')
      },
      failed: error => failures.push(String(error)),
    })
    await tell([36, 1, 11, {}], [36, 1, 12, {}])
    expect(failures).deep.equal(['Error: a bug'])
    expect(told).deep.equal(['farewell 1011 the gateway failed', 'drained'])
  })

  it('reads nothing while the router is still sending, and counts it as waiting', async () => {
    const { told, connection } = await joined()
    const event = Buffer.from('[36,1,11,{}]')
    connection.write([event])
    expect(told).deep.equal([])
    expect(connection.buffered).equal(3 + event.length)
    await null
    expect(connection.buffered).equal(3)
    connection.write([event])
    connection.close(1000, 'bye')
    expect(told).deep.equal([
      ...['event 11', 'flush', 'drained'],
      ...['event 11', 'flush', 'drained', 'close 1000 bye'],
    ])
    await null
    expect(told.length).equal(7)
  })

  it('reads the text of an ERROR', async () => {
    const { inner, tell } = await joined()
    const texts: string[] = []
    for (let i = 0; i < 3; i++) {
      inner.request(
        request => ({
          ...{ type: CALL, request, options: {}, procedure: 'a.b', payload: NO_PAYLOAD },
        }),
        answer => texts.push(textOf(answer)),
      )
    }
    await tell(
      [8, 48, 1, {}, 'a.b', ['too bad']],
      [8, 48, 2, {}, 'a.b', [1]],
      [8, 48, 3, {}, 'a.b'],
    )
    expect(texts).deep.equal(['too bad', '', ''])
  })
})
