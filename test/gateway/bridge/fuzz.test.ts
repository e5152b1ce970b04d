import { expect } from 'chai'
import fc from 'fast-check'
import { Accept } from '../../../src/gateway/bridge/accept.ts'
import { claimIn } from '../../../src/gateway/bridge/claim.ts'
import { Problem } from '../../../src/gateway/bridge/problem.ts'
import { asked, ROUTES, routeAt } from '../../../src/gateway/bridge/routes.ts'
import { hangUp } from '../../helpers/raw-client.ts'
import { RawSocket } from '../../helpers/raw-socket.ts'
import { World } from './world.ts'

/** Runs what may throw nothing but a Problem with a status of the client's. */
function tried(run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    expect(error.status).within(400, 499)
    JSON.parse(error.body)
  }
}

const anything = fc.oneof(fc.string(), fc.string({ unit: 'binary' }))
const header = fc.oneof(
  anything,
  fc
    .tuple(fc.constantFrom('Bearer', 'basic', 'WAMP-HMAC-SHA256', ''), anything)
    .map(parts => parts.join(' ')),
  fc
    .array(fc.tuple(fc.constantFrom('authid', 'timestamp', 'nonce', 'signature', 'x'), anything), {
      maxLength: 6,
    })
    .map(all => `WAMP-HMAC-SHA256 ${all.map(([name, value]) => `${name}="${value}"`).join(',')}`),
)

describe('what requests to the HTTP bridge may say', () => {
  it('never breaks the reading of paths and queries', () => {
    const names = ROUTES.flatMap(({ query }) => Object.keys(query))
    const pair = fc.tuple(fc.oneof(fc.constantFrom(...names), anything), anything)
    const query = fc.oneof(
      anything,
      fc.array(pair, { maxLength: 5 }).map(all => new URLSearchParams(all).toString()),
    )
    const path = fc.oneof(
      anything,
      fc
        .tuple(fc.constantFrom('/publish/', '/call/', '/subscribe/'), anything)
        .map(all => all.join('')),
    )
    fc.assert(
      fc.property(path, query, (path, query) => {
        const found = routeAt(path)
        if (found === undefined) return
        tried(() => {
          const { route, given } = asked(found.route, found.rest, query)
          for (const name of Object.keys(given))
            expect(Object.hasOwn(route.query, name)).equal(true)
        })
      }),
      { numRuns: 2000 },
    )
  })

  it('never breaks the reading of credentials', () => {
    fc.assert(
      fc.property(header, fc.option(anything, { nil: undefined }), (header, authid) =>
        tried(() => claimIn(header, authid)),
      ),
      { numRuns: 2000 },
    )
  })

  it('gives back the authid and ticket of Basic, whatever they are', () => {
    const name = fc.string({ unit: 'grapheme', minLength: 1 }).filter(one => !one.includes(':'))
    fc.assert(
      fc.property(name, fc.string({ unit: 'grapheme' }), (authid, passcode) => {
        const text = Buffer.from(`${authid}:${passcode}`).toString('base64')
        const claim = { kind: 'passcode', authid, passcode }
        expect(claimIn(`Basic ${text}`, undefined)).deep.equal(claim)
      }),
    )
  })

  it('never breaks the reading of Accept', () => {
    const range = fc.constantFrom('text/*', '*/*', 'text/plain', 'a/b;q=0', ';', 'x;q=0.5;y', '/')
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.array(range).map(all => all.join(',')),
        ),
        text => {
          const accept = new Accept(text)
          expect(accept.takes('text/plain')).a('boolean')
          if (accept.names('text/plain')) expect(accept.takes('text/plain')).equal(true)
        },
      ),
    )
  })

  it('never breaks the bridge: each request has one answer, and the next is served', async () => {
    const world = await new World().start()
    const method = fc.constantFrom('GET', 'POST', 'PUT', 'OPTIONS', 'DELETE')
    const target = fc
      .tuple(
        fc.constantFrom('/publish/', '/publish', '/call/', '/call', '/openapi.json', '/', ''),
        fc.string({ maxLength: 20 }),
        fc.string({ maxLength: 20 }),
      )
      .map(([at, uri, query]) => `/api${at}${encodeURI(uri)}?${encodeURIComponent(query)}`)
    const type = fc.constantFrom('application/json', 'text/plain', 'text/x; charset=y', '')
    const text = header.map(one => one.replace(/[^\x20-\x7e]/g, ''))
    const body = fc.oneof(fc.json(), fc.string({ maxLength: 50 }))
    try {
      await fc.assert(
        fc.asyncProperty(
          fc.tuple(method, target, type, text, body),
          async ([method, target, type, authorization, body]) => {
            const headers: Record<string, string> = { 'Content-Type': type }
            if (authorization.trim() !== '') headers.Authorization = authorization
            const { status } = await world.ask(method, target, body, headers)
            expect(status).within(200, 499)
          },
        ),
        { numRuns: 150 },
      )
      expect((await world.post('/api/publish/a')).status).equal(200)
      expect(world.errors).deep.equal([])
    } finally {
      hangUp()
      await world.router.close({ grace: 0 })
    }
  })

  it('is bounded: many headers, and long ones, are refused', async () => {
    const world = await new World().start()
    try {
      for (const lines of ['name: value\r\n'.repeat(5000), `x: ${'y'.repeat(100_000)}\r\n`]) {
        const socket = new RawSocket(world.port)
        socket.socket.write(`POST /api/publish/a HTTP/1.1\r\nHost: x\r\n${lines}\r\n`)
        expect((await socket.answer())?.status).equal(431)
        await socket.close()
      }
      expect((await world.post('/api/publish/a')).status).equal(200)
    } finally {
      hangUp()
      await world.router.close({ grace: 0 })
    }
  })
})
