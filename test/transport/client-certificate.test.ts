import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { createRouter, type Router } from '../../src/index.ts'
import { connect, hangUp, hello } from '../helpers/raw-client.ts'
import { TRANSPORTS } from '../helpers/transports.ts'

const file = (name: string) => `test/fixtures/${name}`
const tls = { certificate: file('localhost.crt'), key: file('localhost.key') }
const ca = file('client.crt')

/** Options of a client that shows a certificate. */
const showing = (name: string) => ({
  cert: readFileSync(file(`${name}.crt`)),
  key: readFileSync(file(`${name}.key`)),
})

const allow = { call: true, register: false, publish: false, subscribe: false }
const config = {
  realms: [{ name: 'realm1', roles: [{ name: 'user', permissions: [{ uri: 'a.b', allow }] }] }],
  authenticators: {
    users: {
      tls: { principals: { joe: { common_name: 'client.example', role: 'user' } } },
      anonymous: { role: 'user' },
    },
  },
}

describe('certificates of clients', () => {
  let router: Router
  let url: string
  beforeEach(async () => {
    router = createRouter(config)
    url = (await router.listen({ port: 0, tls: { ...tls, ca } })).url
  })
  afterEach(async () => {
    hangUp()
    await router.close({ grace: 0 })
  })

  const join = async (options: object, authmethods: string[]) => {
    const client = await connect(url, 'wamp.2.json', { rejectUnauthorized: false, ...options })
    const [type, last, details] = await client.ask(hello('realm1', { authmethods }))
    return type === 2 ? (details as { authid: string }).authid : (details ?? last)
  }

  it('let in who has one that the authorities have signed', async () => {
    expect(await join(showing('client'), ['tls'])).equal('joe')
  })

  it('count for nothing where others have signed them, or are not shown', async () => {
    const denied = 'wamp.error.authentication_denied'
    expect(await join(showing('stranger'), ['tls'])).equal(denied)
    expect(await join({}, ['tls'])).equal(denied)
  })

  it('need not be shown by who comes by another method', async () => {
    expect(await join({}, ['anonymous'])).match(/^[\w-]{16}$/)
  })

  it('stand the renewal of the router’s own', async () => {
    router.reload(config)
    expect(await join(showing('client'), ['tls'])).equal('joe')
  })

  if (TRANSPORTS.includes('uws')) {
    it('are refused on uWebSockets.js, which does not hand them on', async () => {
      const failed = await router
        .listen({ port: 0, transport: 'uws', tls: { ...tls, ca } })
        .catch((error: Error) => error)
      expect(failed).instanceOf(Error).property('message').contain('ws')
    })
  }
})

describe('a configuration that wants certificates of clients', () => {
  const problems = (transport: object) => {
    const common = { type: 'websocket', auth: ['users'] }
    const transports = [{ ...common, ...transport }] as never
    try {
      createRouter({ ...config, transports })
      return []
    } catch (error) {
      return (error as { problems: { path: string; text: string }[] }).problems.map(
        ({ path, text }) => `${path}: ${text}`,
      )
    }
  }

  it('names the authorities', () => {
    expect(problems({ tls })).deep.equal([
      'transports[0].auth[0]: its method tls needs tls.ca of this transport',
    ])
    expect(problems({ tls: { ...tls, ca } })).deep.equal([])
  })

  it('does not ask for uWebSockets.js', () => {
    expect(problems({ tls: { ...tls, ca }, options: { backend: 'uws' } })).deep.equal([
      'transports[0].options.backend: uWebSockets.js does not hand on the certificates of clients: ' +
        'use ws with tls.ca',
    ])
  })

  it('can read them', () => {
    expect(problems({ tls: { ...tls, ca: 'absent.crt' } })).deep.equal([
      'transports[0].tls.ca: no such file',
    ])
  })
})
