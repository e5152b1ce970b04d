import { request } from 'node:http'
import { expect } from 'chai'
import fc from 'fast-check'
import { OPERATIONS } from '../../src/admin/operations.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { errorLog } from '../helpers/error-log.ts'

interface Request {
  readonly method: string
  readonly path: string
  readonly body: string
}

const RUNS = { numRuns: 300 }

/** What a part of a path or a value may be: what fits, and what does not. */
const word = fc.oneof(
  fc.constantFrom(
    'realm1',
    '1',
    '0',
    '-1',
    '1.5',
    '1e3',
    '9007199254740993',
    'true',
    '',
    '%',
    '%00',
  ),
  fc.constantFrom(
    'a.sum',
    'a.fails',
    '..',
    '%2F',
    '%ff',
    '__proto__',
    'constructor',
    'null',
    'x%20y',
  ),
  fc.string({ unit: 'binary', maxLength: 30 }).map(encodeURIComponent),
)

const NAMES = [
  ...new Set(OPERATIONS.flatMap(({ parameters }) => Object.keys(parameters.properties))),
]
const query = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...NAMES), word), word), { maxLength: 4 })
  .map(pairs => (pairs.length === 0 ? '' : `?${pairs.map(pair => pair.join('=')).join('&')}`))

// Streams go on until their client goes: their tests are their own.
const PATHS = OPERATIONS.filter(({ isStream }) => !isStream).map(({ path }) => path)
const path = fc.oneof(
  fc
    .tuple(fc.constantFrom(...PATHS), fc.infiniteStream(word))
    .map(([path, words]) => path.replace(/\{\w+\}/g, () => words.next().value as string)),
  fc.array(word, { maxLength: 5 }).map(words => `/${words.join('/')}`),
)

const value = fc.jsonValue({ maxDepth: 3 })
const KEYS = ['procedure', 'topic', 'args', 'kwargs', 'options', 'role', 'reason', 'message']
const OPTIONS = [
  ...['timeout', 'disclose_me', 'receive_progress', 'acknowledge', 'exclude', 'eligible', 'retain'],
  ...['runmode', 'rkey', 'ppt_scheme', 'ppt_serializer', '_wait', '_headers', 'signal', 'mode'],
  ...['exclude_me', 'progress', '__proto__', 'toString'],
]
const options = fc.dictionary(fc.oneof(fc.constantFrom(...OPTIONS), fc.string()), value)
const body = fc.oneof(
  fc
    .dictionary(fc.oneof(fc.constantFrom(...KEYS), fc.string()), value)
    .map(body => JSON.stringify(body)),
  fc
    .record(
      {
        procedure: fc.constantFrom('a.sum', 'a.fails', 'no.such', 'wamp.session.count', ''),
        topic: fc.constantFrom('a.topic', 'wamp.x', 'a b', ''),
        args: fc.array(value),
        kwargs: fc.dictionary(fc.string(), value),
        options,
        role: fc.constantFrom('anonymous', 'trusted', 'none', ''),
      },
      { requiredKeys: [] },
    )
    // Each of them fits one operation.
    .chain(all => fc.constantFrom(...[without(all, 'topic'), without(all, 'procedure')]))
    .map(body => JSON.stringify(body)),
  fc.string(),
  fc.constantFrom('', 'null', '[]', '{"args":', `{"procedure":"a.sum","args":${'['.repeat(5000)}`),
  fc.constantFrom(100, 1000, 100_000).map(deep => {
    return `{"procedure":"a.sum","topic":"a.topic","args":${'['.repeat(deep)}${']'.repeat(deep)}}`
  }),
  fc.constantFrom(100, 100_000).map(deep => {
    return `{"procedure":"a.sum","args":${'['.repeat(deep)}${']'.repeat(deep)}}`
  }),
)

function without(all: object, key: string): object {
  return Object.fromEntries(Object.entries(all).filter(([name]) => name !== key))
}

const requests = fc.record({
  method: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom('GET', 'POST') },
    { weight: 1, arbitrary: fc.constantFrom('HEAD', 'PUT', 'DELETE', 'OPTIONS') },
  ),
  path: fc.tuple(path, query).map(parts => parts.join('')),
  body,
})

describe('the API, asked anything', function () {
  this.timeout(60_000)
  const log = errorLog()
  let router: Router
  let port: number
  let token: string

  beforeEach(async () => {
    log.errors.splice(0)
    router = createRouter({ development: true, logger: log })
    const admin = await router.serveAdmin({ port: 0 })
    port = Number(new URL(admin.url).port)
    token = admin.link.slice(admin.link.indexOf('#') + 1)
    const session = router.session('realm1', { authid: 'ann' })
    await session.register('a.sum', args => args.length)
    await session.register('a.fails', () => {
      throw new Error('as it should')
    })
    await session.subscribe('a.topic', () => {})
  })
  afterEach(() => router.close())

  function ask({ method, path, body }: Request): Promise<{ status: number; text: string }> {
    const headers = { authorization: `Bearer ${token}` }
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port,
        method,
        path: `/api${path}`,
        headers,
        agent: false,
      }
      const sent = request(options, response => {
        // A stream goes on until somebody leaves.
        if (response.headers['content-type'] === 'application/x-ndjson') {
          response.destroy()
          resolve({ status: response.statusCode ?? 0, text: '{}' })
          return
        }
        let text = ''
        response.setEncoding('utf8').on('data', chunk => {
          text += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
      })
      sent.on('error', reject)
      sent.end(method === 'POST' ? body : undefined)
    })
  }

  it('never fails, and goes on', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async asked => {
        const { status, text } = await ask(asked)
        expect(log.errors).deep.equal([])
        expect(status, text).not.equal(500)
        if (asked.method !== 'HEAD') JSON.parse(text)
        // It is about the token, and nothing else.
        expect(status).not.equal(401)
      }),
      RUNS,
    )
    const { status } = await ask({ method: 'GET', path: '/overview', body: '' })
    expect(status).equal(200)
  })

  it('calls and publishes with any payload and options', async () => {
    const calls = fc.record({
      method: fc.constant('POST'),
      path: fc.constantFrom('/realms/realm1/call', '/realms/realm1/publish'),
      body,
    })
    await fc.assert(
      fc.asyncProperty(calls, async asked => {
        const { status, text } = await ask(asked)
        expect(log.errors).deep.equal([])
        expect(status, text).not.equal(500)
        JSON.parse(text)
      }),
      RUNS,
    )
  })
})
