import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { changes } from '../../src/config/diff.ts'
import { ConfigError, parseConfig } from '../../src/config/load.ts'

describe('config: what must not be seen', () => {
  // Digits alone are a number, which no secret is: that is a fault.
  const SECRET = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9]{12,20}$/),
    fc.stringMatching(/^[1-9][0-9]{11,14}$/),
  )
  const folder = mkdtempSync(join(tmpdir(), 'wampd-secret-'))
  after(() => rmSync(folder, { recursive: true }))

  /** Where a secret is put: sound for some secrets, unsound for others. */
  const template = (put: string) => [
    `{ticket: ${put}, role: user}`,
    `{ticket: [${put}], role: user}`,
    `{ticket: {a: ${put}}, role: user}`,
    put,
  ]
  const whole = (principal: string, name: string, port: string) => `version: 1
realms: [{name: ${name}, roles: [{name: user, permissions: []}]}]
authenticators: {users: {ticket: {principals: {joe: ${principal}}}}}
transports: [{type: websocket, auth: [users], endpoint: {port: ${port}}}]
`
  /** All that is said of two configurations: faults, or what differs between them. */
  function saidOf(one: string, other: string, env: NodeJS.ProcessEnv): string {
    const file = join(folder, 'f.yaml')
    try {
      const [a, b] = [parseConfig(one, file, env), parseConfig(other, file, env)]
      return JSON.stringify([changes(a, b), changes(b, a)])
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      return `${error.message} ${JSON.stringify(error.problems)}`
    }
  }

  it('never shows what stands at a key that is secret, wherever that goes wrong', () => {
    const sound = whole('{ticket: other, role: user}', 'r', '8080')
    fc.assert(
      fc.property(SECRET, secret => {
        // A tag, an alias, an anchor, a directive, a scalar in quotes or of several parts.
        const odd = ['', '!', '*', '&', '%', '|', '@', "'", '"'].map(mark => `${mark}${secret}`)
        for (const put of [...odd, `"${secret}"`, `'' ${secret}`, `"\\${secret}"`]) {
          for (const principal of template(put)) {
            const text = saidOf(whole(principal, 'r', '8080'), sound, {})
            expect(text.includes(secret), text).to.equal(false)
          }
        }
      }),
      { numRuns: 12 },
    )
  })

  it('never shows what a variable or a file gives, in whatever key', () => {
    const holders = (put: string) => [
      ...template(put).map(principal => whole(principal, 'r', '8080')),
      ...[put, `'${put} ${put}'`].map(name => whole('{ticket: x, role: user}', name, '8080')),
      whole('{ticket: x, role: user}', 'r', put),
      whole(`{ticket: x, role: ${put}}`, 'r', '8080'),
      whole('{ticket: x, role: user}', 'r', '8080').replace('[users]', `[users, ${put}]`),
      whole('{ticket: x, role: user}', 'r', '8080').replace('[users]', `[users], realms: [${put}]`),
      whole('{ticket: x, role: user}', 'r', '8080').replace('1\n', `1\ninclude: [${put}]\n`),
      whole('{ticket: x, role: user}', 'r', '8080').replace('1\n', `1\nlog: {level: ${put}}\n`),
      whole('{ticket: x, role: user}', put, '8080').replace('[]', `[{uri: ${put}, allow: {}}]`),
      whole('{ticket: x, role: user}', put, '8080').replace(
        '[users]',
        `[users], tls: {certificate: ${put}, key: ${put}}`,
      ),
      whole('{ticket: x, role: user}', 'r', '8080').replace(
        '[users]',
        `[users], allowed_origins: ["https://${put}"]`,
      ),
      ...[
        `dynamic: {realm: ${put}, procedure: ${put}, methods: [ticket]}`,
        `jwt: {algorithms: [RS256], roles: [user], key: ${put}}`,
        `jwt: {algorithms: [RS256], roles: [${put}], jwks_file: ${put}}`,
        `jwt: {algorithms: [RS256], roles: [user], jwks_url: ${put}}`,
        `tls: {principals: {joe: {fingerprint: ${put}, role: user}}}`,
        `cryptosign: {principals: {joe: {authorized_keys: [${put}], role: user}}}`,
      ].map(method =>
        whole('{ticket: x, role: user}', 'r', '8080').replace('{users: {', `{users: {${method}, `),
      ),
      whole('{ticket: x, role: user}', 'r', '8080').replace(
        'permissions: []',
        `permissions: [], authorizer: {procedure: ${put}, realm: ${put}}`,
      ),
    ]
    const sound = whole('{ticket: other, role: user}', 'r', '8081')
    fc.assert(
      fc.property(SECRET, secret => {
        writeFileSync(join(folder, 'secret'), `${secret}\n`)
        for (const put of ['"${SECRET}"', '"${file:secret}"', '"${NONE:-${SECRET}"']) {
          for (const text of holders(put)) {
            const said = saidOf(text, sound, { SECRET: secret })
            expect(said.includes(secret), `${text}${said}`).to.equal(false)
          }
        }
      }),
      { numRuns: 12 },
    )
  })

  it('never shows a port that a variable gives, also where it makes a name', () => {
    const text = whole('{ticket: x, role: user}', 'r', '"${PORT}"')
    const one = parseConfig(text, 'f', { PORT: '54321' })
    const other = parseConfig(text, 'f', { PORT: '54322' })
    expect(one.config.transports[0]?.id).to.equal('websocket-54321')
    const said = JSON.stringify(changes(one, other))
    expect(said).to.contain('transports[websocket-${PORT}]').and.not.match(/5432/)
  })
})
