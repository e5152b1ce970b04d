import { expect } from 'chai'
import { signer } from '../../src/auth/cryptosign.ts'
import { craSecret, scramSecret } from '../../src/auth/secrets.ts'
import { shipped } from '../../src/config/shipped.ts'
import { createRouter, type Router } from '../../src/router.ts'
import { outcome } from './client-world.ts'
import { type Run, until, Wampd } from './wampd.ts'

const PASSWORD = 'p4ss wörd'
const SEED = 'ab'.repeat(32)
const role = 'user'
const fixture = (name: string) => shipped(`test/fixtures/${name}`)

describe('command line: router and login', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  let router: Router
  const urls: Record<string, string> = {}

  before(async () => {
    const allow = { call: true }
    const permissions = [{ uri: '', match: 'prefix' as const, allow }]
    const argon2 = { method: 'wamp-scram', kdf: 'argon2id13', iterations: 2, memory: 64 } as const
    const hashed = { ...(await scramSecret(PASSWORD, argon2)), role }
    router = createRouter({
      realms: ['realm1', 'realm2'].map(name => ({ name, roles: [{ name: role, permissions }] })),
      authenticators: {
        guests: { anonymous: { role } },
        users: {
          ticket: { principals: { ada: { ticket: PASSWORD, role } } },
          wampcra: { principals: { cra: { ...(await craSecret(PASSWORD, 100)), role } } },
          'wamp-scram': { principals: { scram: hashed } },
          cryptosign: { principals: { keyed: { authorized_keys: [signer(SEED).pubkey], role } } },
          tls: { principals: { certified: { common_name: 'client.example', role } } },
        },
      },
    })
    for (const realm of ['realm1', 'realm2']) {
      await router
        .session(realm)
        .register(
          'a.who',
          (_, __, { caller_authid, caller }) => `${caller_authid ?? caller} in ${realm}`,
        )
    }
    const tls = { certificate: fixture('localhost.crt'), key: fixture('localhost.key') }
    const users = { port: 0, auth: ['users'] }
    const named = ({ url }: { url: string }) => url.replace('127.0.0.1', 'localhost')
    urls.open = (await router.listen({ port: 0, auth: ['guests'] })).url
    urls.users = (await router.listen(users)).url
    urls.secure = named(
      await router.listen({ ...users, tls: { ...tls, ca: fixture('client.crt') } }),
    )
    urls.raw = named(await router.listen({ ...users, type: 'rawsocket', tls }))
    const path = wampd.file('socket', '')
    const socket = { path: `${path}.sock` }
    await router.listen({ auth: ['users'], type: 'rawsocket', socket })
    urls.unix = `rs+unix://${socket.path}`
  })
  after(() => router.close())

  const call = (...flags: string[]) => wampd.run('call', 'a.who', '--disclose-me', ...flags)

  /** What the call has printed. */
  async function who(run: Run): Promise<unknown> {
    expect(await run.exited, run.err).equal(0)
    return JSON.parse(run.out)
  }

  it('are those of the flags, or of the environment', async () => {
    const flags = ['--url', urls.open as string, '--realm', 'realm2']
    expect(await who(call(...flags))).match(/ in realm2$/)
    const env = { WAMPD_URL: urls.open as string, WAMPD_REALM: 'realm2' }
    expect(await who(wampd.runWith(env, 'call', 'a.who'))).match(/ in realm2$/)
    expect(await who(wampd.runWith(env, 'call', 'a.who', '--realm', 'realm1'))).match(/ in realm1$/)
  })

  it('take secrets from files, by each transport', async () => {
    const secret = wampd.file('secret', `${PASSWORD}\r\nanother line\n`)
    const key = wampd.file('key', `${SEED}\n`)
    const ca = ['--ca', fixture('localhost.crt')]
    for (const url of [urls.users, urls.secure, urls.raw, urls.unix] as string[]) {
      const at = (...flags: string[]) => call('--url', url, ...flags, ...ca)
      const runs = [
        at('--authid', 'ada', '--ticket-file', secret),
        at('--authid', 'cra', '--secret-file', secret, '--authmethod', 'wampcra'),
        at('--authid', 'scram', '--secret-file', secret),
        at('--key', key),
      ]
      const answers = await Promise.all(runs.map(who))
      const authids = ['ada', 'cra', 'scram', 'keyed']
      expect(answers).deep.equal(authids.map(authid => `${authid} in realm1`))
    }
  })

  it('take a key as wampd keygen makes it', async () => {
    const made = await wampd.output('keygen', '--out', 'made.key', '--json')
    const authorized_keys = [JSON.parse(made).public_key]
    const own = createRouter({
      realms: [{ name: 'realm1', roles: [{ name: role, permissions: [] }] }],
      authenticators: { a: { cryptosign: { principals: { me: { authorized_keys, role } } } } },
    })
    const { url } = await own.listen({ port: 0 })
    const run = call('--url', url, '--key', 'made.key')
    expect(await outcome(run)).match(/^3: wamp\.error\.not_authorized/)
    await own.close()
  })

  it('take secrets from the environment, or ask', async () => {
    const url = ['--url', urls.users as string]
    const env = { WAMPD_TICKET: PASSWORD, WAMPD_AUTHID: 'ada' }
    expect(await who(wampd.runWith(env, 'call', 'a.who', '--disclose-me', ...url))).match(/^ada /)
    const other = { WAMPD_SECRET: PASSWORD, WAMPD_AUTHID: 'scram' }
    expect(await who(wampd.runWith(other, 'call', 'a.who', '--disclose-me', ...url))).match(
      /^scram /,
    )
    const asked = call(...url, '--authid', 'ada', '--ticket-file', '-')
    asked.process.stdin?.end(`${PASSWORD}\n`)
    expect(await who(asked)).match(/^ada /)
    // A flag counts for more.
    const key = { ...env, WAMPD_AUTHID: '', WAMPD_KEY: wampd.file('key', SEED) }
    expect(await who(wampd.runWith(key, 'call', 'a.who', '--disclose-me', ...url))).match(/^keyed /)
  })

  it('show a certificate', async () => {
    const files = ['--cert', fixture('client.crt'), '--cert-key', fixture('client.key')]
    const run = call('--url', urls.secure as string, '--ca', fixture('localhost.crt'), ...files)
    expect(await who(run)).match(/^certified /)
  })

  it('trust a certificate that nobody knows when told to', async () => {
    const key = ['--key', wampd.file('key', SEED)]
    const url = ['--url', urls.secure as string, ...key]
    const text = `1: no connection to ${urls.secure}: its certificate is self-signed, and not known here`
    expect(await outcome(call(...url))).equal(text)
    expect(await who(call(...url, '--insecure'))).match(/^keyed /)
  })

  describe('end with', () => {
    it('4 where the proof is wrong, or the realm is', async () => {
      const ticket = wampd.file('wrong', 'guess')
      const wrong = call('--url', urls.users as string, '--authid', 'ada', '--ticket-file', ticket)
      expect(await outcome(wrong)).match(
        /^4: the router refused realm1: wamp\.error\.authentication_denied/,
      )
      expect(wrong.err).not.include('guess')
      const nowhere = call('--url', urls.open as string, '--realm', 'realm3')
      expect(await outcome(nowhere)).match(
        /^4: the router refused realm3: wamp\.error\.no_such_realm/,
      )
      const anonymous = call('--url', urls.users as string)
      expect(await outcome(anonymous)).match(/^4: .*wamp\.error\.no_matching_auth_method/)
    })

    it('5 where the router does not answer', async () => {
      const { createServer } = await import('node:net')
      const sockets: { destroy(): void }[] = []
      const server = createServer(socket => sockets.push(socket.on('error', () => {})))
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
      const { port } = server.address() as { port: number }
      const run = call('--url', `ws://127.0.0.1:${port}/ws`, '--timeout', '200ms')
      expect(await outcome(run)).equal(`5: ws://127.0.0.1:${port}/ws does not answer`)
      for (const socket of sockets) socket.destroy()
      server.close()
    })

    it('130 by Ctrl-C while it connects', async () => {
      const { createServer } = await import('node:net')
      const sockets: { destroy(): void }[] = []
      const server = createServer(socket => sockets.push(socket.on('error', () => {})))
      await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
      const { port } = server.address() as { port: number }
      for (const url of [`ws://127.0.0.1:${port}/ws`, `rs://127.0.0.1:${port}`]) {
        const before = sockets.length
        const run = call('--url', url)
        await until(run, () => sockets.length > before)
        run.process.kill('SIGINT')
        expect(await run.exited, run.err).equal(130)
        expect(run.err).equal('')
      }
      for (const socket of sockets) socket.destroy()
      server.close()
    })
  })

  describe('say what is wrong with', () => {
    const secret = () => wampd.file('some', 'text')
    const WRONG: [string, () => string[], RegExp][] = [
      [
        'a URL',
        () => ['--url', 'http://x'],
        /'--url <url>' argument 'http:\/\/x' is invalid. .* no URL/,
      ],
      [
        'a secret in a URL',
        () => ['--url', 'ws://a:b@x/'],
        /is invalid. a URL holds no password here/,
      ],
      ['a realm', () => ['--realm', 'a b'], /'--realm <uri>' argument 'a b' is invalid/],
      [
        'a serializer',
        () => ['--serializer', 'xml'],
        /'xml' is invalid. Allowed choices are json, msg/,
      ],
      [
        'a method',
        () => ['--authmethod', 'magic'],
        /'magic' is invalid. Allowed choices are anonymous/,
      ],
      [
        'a method without a proof',
        () => ['--authmethod', 'ticket'],
        /^2: ticket needs something to/,
      ],
      ['a time', () => ['--timeout', 'x'], /'--timeout <duration>' argument 'x' is invalid/],
      [
        'a ticket file',
        () => ['--ticket-file', 'nowhere'],
        /^2: --ticket-file: nowhere: no such file/,
      ],
      [
        'a secret file',
        () => ['--authid', 'a', '--secret-file', '.'],
        /^2: --secret-file: \.: is a fo/,
      ],
      ['no authid', () => ['--secret-file', secret()], /^2: --secret-file needs --authid/],
      ['a key file', () => ['--key', secret()], /^2: --key: .* has no key of 64 hex digits/],
      ['no key file', () => ['--key', 'nowhere'], /^2: --key: nowhere: no such file/],
      ['what is no authority', () => ['--ca', secret()], /^2: --ca: this is no sound PEM/],
      ['authorities', () => ['--ca', 'nowhere'], /^2: --ca: nowhere: no such file/],
      [
        'a certificate',
        () => ['--cert', secret(), '--cert-key', secret()],
        /^2: --cert, --cert-key: .* PEM/,
      ],
      [
        'half a certificate',
        () => ['--cert', secret()],
        /^2: --cert and --cert-key belong together/,
      ],
      [
        'two that ask',
        () => ['--authid', 'a', '--ticket-file', '-', '--secret-file', '-'],
        /^2: --ticket-file and --secret-file cannot both ask/,
      ],
      [
        'a ticket that all could read',
        () => ['--url', 'ws://router.example/ws', '--ticket-file', secret()],
        /^2: a ticket is sent as it is, and router\.example is reached without TLS: --insecure allows it/,
      ],
    ]
    for (const [what, flags, text] of WRONG) {
      it(what, async () => {
        expect(await outcome(call(...flags()))).match(text)
      })
    }

    it('the environment', async () => {
      const run = wampd.runWith({ WAMPD_URL: 'x' }, 'call', 'a.b')
      expect(await outcome(run)).match(/'--url <url>' value 'x' from env 'WAMPD_URL' is invalid/)
    })
  })
})
