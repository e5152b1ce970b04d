import { expect } from 'chai'
import { createRouter, type Router, type RouterOptions } from '../../src/index.ts'
import { errorLog } from '../helpers/error-log.ts'
import { connect, hangUp, type RawClient } from '../helpers/raw-client.ts'
import { USUAL_TRANSPORT } from '../helpers/transports.ts'

const allow = { call: true, register: true, publish: true, subscribe: true }
const procedure = 'com.example.authorize'

function config(authorizer: object): RouterOptions {
  return {
    realms: [
      {
        name: 'realm1',
        roles: [
          { name: 'user', permissions: [{ uri: 'free', allow }], authorizer: authorizer as never },
        ],
      },
      {
        name: 'backend',
        roles: [{ name: 'backend', permissions: [{ uri: procedure, allow }] }],
      },
    ],
    authenticators: { all: { anonymous: { role: 'user' } } },
    logger: errorLog(),
  }
}

describe('a role with an authorizer', () => {
  let router: Router
  let client: RawClient
  beforeEach(async () => {
    router = createRouter(config({ procedure, realm: 'backend' }))
    const { url } = await router.listen({ port: 0, transport: USUAL_TRANSPORT })
    client = await connect(url)
    await client.join()
  })
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })

  it('may do what the procedure allows, and no more', async () => {
    const calls: unknown[][] = []
    const backend = router.session('backend', { authrole: 'backend' })
    await backend.register(procedure, args => {
      calls.push(args)
      return args[1] === 'open.one'
    })
    client.send([32, 1, {}, 'open.one'])
    client.send([32, 2, {}, 'closed.one'])
    client.send([32, 3, {}, 'free'])
    client.send([32, 4, {}, 'open.one'])
    const answers = await client.take(4)
    expect(answers.map(answer => [answer[0], answer[0] === 33 ? answer[1] : answer[4]])).deep.equal(
      [
        ...[
          [33, 1],
          [8, 'wamp.error.not_authorized'],
          [33, 3],
          [33, 4],
        ],
      ],
    )
    expect(calls.map(([, uri, action]) => [uri, action])).deep.equal([
      ['open.one', 'subscribe'],
      ['closed.one', 'subscribe'],
    ])
    expect(calls[0]?.[0]).include({ authrole: 'user', authmethod: 'anonymous' })
  })

  it('may do what its rules allow while the procedure is not there', async () => {
    const [, , , , error] = await client.ask([32, 1, {}, 'open.one'])
    expect(error).equal('wamp.error.authorization_failed')
    expect((await client.ask([32, 2, {}, 'free']))[0]).equal(33)
  })

  it('gets another authorizer by a reload, sessions that are open too', async () => {
    const backend = router.session('backend', { authrole: 'backend' })
    await backend.register(procedure, () => false)
    expect((await client.ask([32, 1, {}, 'open.one']))[4]).equal('wamp.error.not_authorized')
    const { logger, ...keys } = config({ procedure: 'com.example.other', realm: 'backend' })
    router.reload(keys)
    expect((await client.ask([32, 2, {}, 'open.two']))[4]).equal('wamp.error.authorization_failed')
  })

  /** A backend whose procedure has not answered yet; `asked` resolves when it is asked. */
  async function slowBackend(): Promise<{ asked: Promise<void>; allow(): void }> {
    const backend = router.session('backend', { authrole: 'backend' })
    let allow = () => {}
    const asked = new Promise<void>(resolve => {
      const answer = () => {
        resolve()
        return new Promise<boolean>(done => {
          allow = () => done(true)
        })
      }
      void backend.register(procedure, answer)
    })
    return { asked, allow: () => allow() }
  }

  it('has a drain wait for what the procedure is asked about, as for other calls', async () => {
    const backend = await slowBackend()
    client.send([48, 1, {}, 'open.one'])
    client.send([48, 2, {}, 'free'])
    await backend.asked
    const draining = router.drain({ grace: 5000 })
    expect((await client.ask([48, 3, {}, 'free']))[4]).equal('wamp.error.unavailable')
    backend.allow()
    const none = 'wamp.error.no_such_procedure'
    expect((await client.take(2)).map(([, , id, , error]) => [id, error])).deep.equal([
      ...[
        [1, none],
        [2, none],
      ],
    ])
    await draining
  })

  it('does not hold a drain up longer than the procedure may take', async () => {
    const { logger, ...keys } = config({ procedure, realm: 'backend', timeout: 200 })
    router.reload(keys)
    const { asked } = await slowBackend()
    client.send([48, 1, {}, 'open.one'])
    await asked
    const start = Date.now()
    await router.drain({ grace: 30_000 })
    expect(Date.now() - start).below(5000)
    expect((await client.take(1))[0]?.[4]).equal('wamp.error.authorization_failed')
  })

  it('names a realm that there is', () => {
    expect(() => createRouter(config({ procedure, realm: 'nowhere' }))).throws(
      'realms[0].roles[0].authorizer.realm: there is no realm "nowhere"',
    )
  })
})
