import { generateKeyPairSync, KeyObject, type KeyPairKeyObjectResult } from 'node:crypto'
import { expect } from 'chai'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { createRouter, type Router } from '../../src/router.ts'
import { outcome, printed } from './client-world.ts'
import { type Run, Wampd } from './wampd.ts'

const SECRET = 'a secret of the tests, 32 or more characters'

describe('command line: token', function () {
  this.timeout(30000)
  const wampd = new Wampd()
  let secret: string

  before(() => {
    secret = wampd.file('secret', `${SECRET}\n`)
  })

  const token = (...args: string[]) => wampd.output('token', '--authid', 'ada', ...args)

  it('has the claims that it is told to have', async () => {
    const claims = [
      '--claim',
      'n=5',
      '--claim',
      'realm_access={"roles":["x"]}',
      '--claim',
      '{"a":"b"}',
    ]
    const names = ['--role', 'user', '--realm', 'realm1', '--issuer', 'me', '--audience', 'you']
    const made = await token('--secret-file', secret, '--expires', '5m', ...names, ...claims)
    const { iat = 0, exp = 0, ...rest } = decodeJwt(made.trim())
    expect(rest).deep.equal({
      ...{ sub: 'ada', role: 'user', realm: 'realm1', iss: 'me', aud: 'you' },
      ...{ n: 5, realm_access: { roles: ['x'] }, a: 'b' },
    })
    expect(exp - iat).equal(300)
    expect(Math.abs(iat - Date.now() / 1000)).below(10)
    const several = await token('--secret-file', secret, '--role', 'user', 'admin')
    expect(decodeJwt(several.trim())).deep.include({ role: ['user', 'admin'] })
  })

  describe('lets its bearer in', () => {
    let router: Router | undefined
    afterEach(() => router?.close())

    async function urlWith(jwt: { algorithms: ['HS256'] } | object): Promise<string> {
      const roles = ['user']
      const allow = { call: true }
      const permissions = [{ uri: '', match: 'prefix' as const, allow }]
      router = createRouter({
        realms: [{ name: 'realm1', roles: [{ name: 'user', permissions }] }],
        authenticators: { users: { jwt: { roles, ...jwt } as never } },
      })
      await router.session('realm1').register('a.b', () => 5)
      return (await router.listen({ port: 0 })).url
    }

    async function callWith(made: string, url: string): Promise<Run> {
      const run = wampd.run('call', 'a.b', '--url', url, '--ticket-file', '-')
      run.process.stdin?.end(made)
      await run.exited
      return run
    }

    it('with a secret, which may also come by the environment or standard input', async () => {
      const url = await urlWith({ algorithms: ['HS256', 'HS512'], secret: SECRET })
      const env = wampd.runWith(
        { WAMPD_JWT_SECRET: SECRET },
        'token',
        '--authid',
        'ada',
        '--role',
        'user',
      )
      const input = wampd.run('token', '--authid', 'ada', '--role', 'user', '--secret-file', '-')
      input.process.stdin?.end(SECRET)
      await Promise.all([env.exited, input.exited])
      const other = await token('--secret-file', secret, '--role', 'user', '--algorithm', 'HS512')
      for (const made of [env.out, input.out, other]) {
        expect(printed(await callWith(made, url))).deep.equal([5])
      }
      expect((await callWith(`${other.trim()}x`, url)).process.exitCode).equal(4)
    })

    const PAIRS: [string, () => KeyPairKeyObjectResult][] = [
      ['EdDSA', () => generateKeyPairSync('ed25519')],
      ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
      ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
      ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ]
    for (const [algorithm, generate] of PAIRS) {
      it(`with a key, by ${algorithm}`, async () => {
        const { privateKey, publicKey } = generate()
        const key = wampd.file('public.pem', pemOf(publicKey))
        const url = await urlWith({ algorithms: [algorithm], key })
        const made = await token(
          '--key',
          wampd.file('private.pem', pemOf(privateKey)),
          '--role',
          'user',
        )
        expect(decodeProtectedHeader(made.trim())).include({ alg: algorithm })
        expect(printed(await callWith(made, url))).deep.equal([5])
      })
    }
  })

  it('says what is wrong', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const { privateKey: x25519 } = generateKeyPairSync('x25519')
    const lock = { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' } as const
    const locked = privateKey.export(lock)
    const file = (name: string, text: string | Buffer | KeyObject) =>
      wampd.file(name, text instanceof KeyObject ? pemOf(text) : String(text))
    const rows: [string[], RegExp][] = [
      [[], /required option '--authid <id>' not specified/],
      [['--authid', 'a'], /^2: what is it signed with\? give --secret-file or --key$/],
      [
        ['--authid', 'a', '--secret-file', secret, '--key', secret],
        /--secret-file and --key exclude/,
      ],
      [['--authid', 'a', '--secret-file', 'nowhere'], /^2: --secret-file: nowhere: no such file$/],
      [
        ['--authid', 'a', '--secret-file', file('empty', '\n')],
        /--secret-file: there is nothing in /,
      ],
      [
        ['--authid', 'a', '--secret-file', file('short', 'short')],
        /the secret has less than 32 char/,
      ],
      [['--authid', 'a', '--key', 'nowhere'], /^2: --key: nowhere: no such file$/],
      [['--authid', 'a', '--key', secret], /^2: --key: it is no private key in PEM$/],
      [
        ['--authid', 'a', '--key', file('pub', publicKey)],
        /^2: --key: it is no private key in PEM$/,
      ],
      [['--authid', 'a', '--key', file('locked', locked)], /--key: the key is encrypted/],
      [
        ['--authid', 'a', '--key', file('x', x25519)],
        /--key: tokens cannot be signed with a key of/,
      ],
      [['--authid', 'a', '--key', file('ec', privateKey), '--algorithm', 'RS256'], /^2: --key: /],
      [['--authid', 'a', '--secret-file', secret, '--algorithm', 'ES256'], /^2: --secret-file: /],
      [['--authid', 'a', '--secret-file', secret, '--algorithm', 'none'], /'none' is invalid/],
      [
        ['--authid', 'a', '--secret-file', secret, '--expires', '1'],
        /'--expires <duration>' argument/,
      ],
      [
        ['--authid', 'a', '--secret-file', secret, '--claim', 'x'],
        /'--claim <name=value>' argument/,
      ],
    ]
    for (const [args, text] of rows) {
      const run = wampd.run('token', ...args)
      expect(await outcome(run)).match(text)
      expect(run.err).not.include(SECRET)
    }
  })
})

function pemOf(key: KeyObject): string {
  return String(key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }))
}
