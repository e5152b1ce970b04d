import { Validator } from '@seriousme/openapi-schema-validator'
import { expect } from 'chai'
import Value from 'typebox/value'
import { openApi } from '../../src/admin/openapi.ts'
import type { Operation } from '../../src/admin/operation.ts'
import { OPERATIONS } from '../../src/admin/operations.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { ask } from '../helpers/poll-client.ts'
import { hangUp, member } from '../helpers/raw-client.ts'

describe('the description of the API', () => {
  const description = JSON.parse(openApi('1.2.3'))

  it('is sound OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(description)
    expect(errors).equal(undefined)
    expect(valid).equal(true)
    expect(description.openapi).match(/^3\.1/)
  })

  it('has every operation, and says of every parameter where it is', () => {
    for (const { id, method, path, parameters } of OPERATIONS) {
      const described = description.paths[path][method.toLowerCase()]
      expect(described.operationId).equal(id)
      const places = described.parameters.map((one: { name: string; in: string }) => {
        return [one.name, one.in]
      })
      const wanted = Object.keys(parameters.properties).map(name => [
        name,
        path.includes(`{${name}}`) ? 'path' : 'query',
      ])
      expect(places).deep.equal(wanted)
    }
    const described = Object.values(description.paths).flatMap(path => Object.keys(path as object))
    expect(described).length(OPERATIONS.length)
  })

  it('has no two operations by one name or at one place', () => {
    const ids = OPERATIONS.map(({ id }) => id)
    const places = OPERATIONS.map(({ method, path }) => `${method} ${path}`)
    expect(new Set(ids).size).equal(ids.length)
    expect(new Set(places).size).equal(places.length)
  })
})

describe('the answers of the API', () => {
  let router: Router
  let url: string
  let token: string
  let session: number

  before(async () => {
    router = createRouter({ development: true })
    const { url: port } = await router.listen({ port: 0, transport: 'ws' })
    const admin = await router.serveAdmin({ port: 0 })
    url = admin.url
    token = admin.link.slice(admin.link.indexOf('#') + 1)
    const ann = router.session('realm1', { authid: 'ann' })
    await ann.register('a.sum', args => args.length)
    await ann.register('b', () => 1, { match: 'prefix', invoke: 'roundrobin', concurrency: 2 })
    await ann.subscribe('a..c', () => {}, { match: 'wildcard' })
    await ann.call('a.sum', [1])
    session = ann.id
    await member(port, 'wamp.2.msgpack')
  })
  after(async () => {
    hangUp()
    await router.close()
  })

  const realm = '/realms/realm1'
  /** What is asked, by operation: a path and, where there is one, a body. */
  const ASKED: Record<string, () => [path: string, body?: object][]> = {
    getOverview: () => [['/overview']],
    listRealms: () => [['/realms']],
    listSessions: () => [[`${realm}/sessions`], [`${realm}/sessions?limit=1&offset=5`]],
    getSession: () => [[`${realm}/sessions/${session}`]],
    killSession: () => {
      const { id } = router.session('realm1')
      return [[`${realm}/sessions/${id}/kill`, { reason: 'a.reason', message: 'x' }]]
    },
    listSlowSessions: () => [['/slow'], ['/slow?limit=1']],
    listRegistrations: () => [[`${realm}/registrations?search=A`]],
    getRegistration: () => [[`${realm}/registrations/1`], [`${realm}/registrations/2`]],
    listSubscriptions: () => [[`${realm}/subscriptions`]],
    getSubscription: () => [[`${realm}/subscriptions/1?limit=1`]],
    call: () => [[`${realm}/call`, { procedure: 'a.sum', args: [1], kwargs: { a: 1 } }]],
    publish: () => [[`${realm}/publish`, { topic: 'a.b.c' }]],
  }

  async function asked({ method }: Operation, path: string, body?: object) {
    const text = body === undefined ? '' : JSON.stringify(body)
    const headers = { authorization: `Bearer ${token}` }
    const answer = await ask(method, `${url}api${path}`, text, headers)
    const content = JSON.parse(answer.body.toString()) as Record<string, unknown>
    return { status: answer.status, body: content }
  }

  for (const operation of OPERATIONS.filter(({ isStream }) => !isStream)) {
    if (operation.id === 'reload') continue
    it(`of ${operation.id} are as its schema says`, async () => {
      for (const [path, body] of ASKED[operation.id]?.() ?? []) {
        const answer = await asked(operation, path, body)
        expect(answer.status, JSON.stringify(answer.body)).equal(200)
        expect([...Value.Errors(operation.answer, answer.body)]).deep.equal([])
      }
      expect(ASKED, 'something is asked of it').property(operation.id)
    })
  }

  it('of reload are as its schema says', async () => {
    const operation = OPERATIONS.find(({ id }) => id === 'reload') as Operation
    // Without a file there is nothing to reload.
    const refused = await asked(operation, '/reload', {})
    expect([refused.status, refused.body.detail]).deep.equal([
      400,
      'it was not started with a configuration',
    ])
    const { changes } = { changes: [{ path: 'a', before: 'b', after: 'c', reload: 'live' }] }
    expect(Value.Check(operation.answer, { changes })).equal(true)
  })

  it('are problems where something is wrong, as described', async () => {
    const { Problem } = JSON.parse(openApi('1.2.3')).components.schemas
    for (const path of ['/nowhere', `${realm}/sessions/1`, '/slow?limit=0', '/realms/x/sessions']) {
      const { body, status } = await asked(OPERATIONS[0] as Operation, path)
      expect([...Value.Errors(Problem, body)]).deep.equal([])
      expect(body.status).equal(status)
    }
  })
})
