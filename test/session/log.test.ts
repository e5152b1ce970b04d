import { expect } from 'chai'
import type { Log } from '../../src/base/log.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { connect, hangUp, hello, type RawClient } from '../helpers/raw-client.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'

interface Line {
  level: string
  text: string
  facts: Record<string, unknown>
}

const TICKET = 'the-ticket-of-joe'
const WRONG = 'a-ticket-that-is-wrong'
const EXTRA = 'what-authextra-says'
const PAYLOAD = 'what-a-payload-says'

const rule = (uri: string, allow: object) => ({ uri, match: 'prefix' as const, allow })

describe('the log of a router', () => {
  let lines: Line[]
  let router: Router
  let url: string

  beforeEach(async () => {
    lines = []
    const note =
      (level: string) =>
      (facts: object, text: string): void => {
        lines.push({ level, text, facts: facts as Record<string, unknown> })
      }
    const logger: Log = {
      error: note('error'),
      warn: note('warn'),
      info: note('info'),
      debug: note('debug'),
    }
    const all = { call: true, register: true, publish: true, subscribe: true }
    router = createRouter({
      logger,
      realms: [
        {
          name: 'realm1',
          roles: [
            {
              name: 'user',
              permissions: [rule('open.', all), rule('wamp.session.', { call: true })],
            },
          ],
        },
      ],
      authenticators: {
        users: { ticket: { principals: { joe: { ticket: TICKET, role: 'user' } } } },
      },
    })
    url = (await router.listen({ port: 0, transport: USUAL_TRANSPORT })).url
  })
  afterEach(async () => {
    hangUp()
    await router.close()
  })

  async function answer(ticket: string): Promise<{ client: RawClient; session: unknown }> {
    const client = await connect(url)
    const details = { authmethods: ['ticket'], authid: 'joe', authextra: { secret: EXTRA } }
    await client.ask(hello('realm1', details))
    const [, session] = await client.ask([5, ticket, { secret: EXTRA }])
    return { client, session }
  }

  const joe = { realm: 'realm1', authid: 'joe', remote: '127.0.0.1' }

  it('has a line for each join and each leave', async () => {
    const { client, session } = await answer(TICKET)
    await client.ask([6, {}, 'wamp.close.close_realm'])
    const facts = { ...joe, session, authrole: 'user' }
    expect(lines).deep.equal([
      { level: 'info', text: 'join', facts },
      { level: 'info', text: 'leave', facts },
    ])
  })

  it('has a line for each client that is denied', async () => {
    await answer(WRONG)
    const stranger = await connect(url)
    await stranger.ask(hello('realm2'))
    const [denied, ...others] = lines
    expect(denied).deep.include({ level: 'info', text: 'denied' })
    expect(denied?.facts).include({ ...joe, reason: 'wamp.error.authentication_denied' })
    expect(others.map(({ facts }) => facts)).deep.equal([
      {
        realm: 'realm2',
        remote: '127.0.0.1',
        reason: 'wamp.error.no_such_realm',
        text: 'there is no realm realm2',
      },
    ])
  })

  it('has a line for each session that is killed', async () => {
    const { client } = await answer(TICKET)
    const { client: other, session } = await answer(TICKET)
    lines = []
    await client.ask([48, 1, {}, 'wamp.session.kill', [session], { reason: 'my.reason' }])
    expect((await other.next())[2]).equal('my.reason')
    const facts = { ...joe, session, authrole: 'user' }
    expect(lines).deep.equal([
      { level: 'info', text: 'killed', facts: { ...facts, reason: 'my.reason' } },
      { level: 'info', text: 'leave', facts },
    ])
  })

  it('says in debug what a session was not allowed to do, be it answered or not', async () => {
    const { client, session } = await answer(TICKET)
    lines = []
    client.send([16, 1, {}, 'shut.topic', [PAYLOAD]])
    client.send([16, 2, { acknowledge: true }, 'shut.topic', [PAYLOAD]])
    client.send([48, 3, {}, 'shut.procedure', [PAYLOAD]])
    client.send([32, 4, { match: 'prefix' }, 'shut'])
    client.send([64, 5, {}, 'shut.procedure'])
    expect((await client.take(4)).every(([type]) => type === 8)).equal(true)
    const facts = { realm: 'realm1', session, authid: 'joe', authrole: 'user' }
    const asked = [
      ['PUBLISH', 'shut.topic'],
      ['PUBLISH', 'shut.topic'],
      ['CALL', 'shut.procedure'],
      ['SUBSCRIBE', 'shut'],
      ['REGISTER', 'shut.procedure'],
    ]
    expect(lines).deep.equal(
      asked.map(([action, uri]) => ({
        level: 'debug',
        text: 'not authorized',
        facts: { ...facts, action, uri },
      })),
    )
  })

  it('never has tickets, authextra or payloads, at any level', async () => {
    await answer(WRONG)
    const { client } = await answer(TICKET)
    const { client: callee } = await answer(TICKET)
    await callee.ask([64, 1, {}, 'open.procedure'])
    client.send([48, 1, {}, 'open.procedure', [PAYLOAD], { key: PAYLOAD }])
    callee.send([8, 68, (await callee.next())[1], {}, 'open.error', [PAYLOAD], { key: PAYLOAD }])
    expect((await client.next())[5]).deep.equal([PAYLOAD])
    await client.ask([16, 2, { acknowledge: true }, 'open.topic', [PAYLOAD]])
    const own = router.session('realm1', { authrole: 'user' })
    await own.publish('open.topic', [PAYLOAD])
    await own.call('open.nothing', [PAYLOAD]).catch(() => {})

    const broken = [
      `[16, 1, {}, "open.topic", ["${PAYLOAD}"`,
      `[16, 1, {}, "open.topic", "${PAYLOAD}"]`,
      `[16, 1, "${PAYLOAD}", "open.topic"]`,
      `[16, "${PAYLOAD}", {}, "open.topic"]`,
      `[48, 1, {}, ["${PAYLOAD}"]]`,
      `["${PAYLOAD}"]`,
      `{"${PAYLOAD}": 1}`,
      `${PAYLOAD}`,
      `[5, "${PAYLOAD}", {}]`,
      `[70, 99, {}, ["${PAYLOAD}"]]`,
      `[16, 1, {"ppt_scheme": "${PAYLOAD}"}, "open.topic"]`,
    ]
    for (const text of broken) {
      const { client } = await answer(TICKET)
      client.sendRaw(text)
      expect((await client.rest()).map(([type]) => type)).deep.equal([3])
    }
    expect(lines.filter(({ text }) => text === 'protocol violation')).length(broken.length)
    for (const { facts, text } of lines) {
      const said = `${text} ${JSON.stringify(facts, (_, value) =>
        value instanceof Error ? `${value.stack}` : value,
      )}`
      for (const secret of [TICKET, WRONG, EXTRA, PAYLOAD]) expect(said).not.contain(secret)
    }
  })
})
