import { Validator } from '@seriousme/openapi-schema-validator'
import { expect } from 'chai'
import { openApi } from '../../../src/gateway/bridge/openapi.ts'
import { ROUTES } from '../../../src/gateway/bridge/routes.ts'
import { bodyOf, World } from './world.ts'

describe('the description of the HTTP bridge', () => {
  it('is sound OpenAPI 3.1, and has all that is routed', async () => {
    const description = JSON.parse(openApi('/api'))
    const { valid, errors } = await new Validator().validate(description)
    expect(errors).equal(undefined)
    expect(valid).equal(true)
    expect(description.openapi).match(/^3\.1/)
    for (const { path, method, query } of ROUTES) {
      const { parameters } = description.paths[path][method.toLowerCase()]
      const names = parameters.map(({ name }: { name: string }) => name)
      expect(names).include.members(Object.keys(query))
    }
    expect(Object.keys(description.paths)).length(ROUTES.length)
  })

  it('is served without credentials, with the path of the bridge', async () => {
    const world = await new World().start()
    try {
      const answer = await world.ask('GET', '/users/openapi.json')
      expect([answer.status, answer.headers['content-type']]).deep.equal([200, 'application/json'])
      expect(bodyOf(answer).servers).deep.equal([{ url: '/users' }])
    } finally {
      await world.router.close({ grace: 0 })
    }
  })
})
