import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { craSecret, type ScramOptions, scramSecret } from '../../src/auth/secrets.ts'
import { blocksOf } from './blocks.ts'
import { configOf } from './config-block.ts'

const PASSWORD = 'correct horse'

describe('docs/security.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-security-'))
  after(() => rmSync(folder, { recursive: true }))

  const sources = blocksOf('docs/security.md')
    .filter(({ language }) => language === 'yaml')
    .flatMap(({ text }) => Object.values(configOf(text, folder, 'part').authenticators))

  it('has a recipe for each method', () => {
    const methods = sources.flatMap(one => Object.keys(one))
    expect([...new Set(methods)].sort()).deep.equal([
      ...['anonymous', 'cryptosign', 'dynamic', 'jwt', 'scram'],
      ...['ticket', 'tls', 'wamp-scram', 'wampcra'],
    ])
  })

  it('names secrets that are those of the password', async () => {
    const cra = sources.find(({ wampcra }) => wampcra)?.wampcra?.principals.joe
    const { role, ...secret } = cra as NonNullable<typeof cra>
    expect(role).equal('app')
    expect(await craSecret(PASSWORD, 10_000, secret.salt)).deep.equal(secret)
    for (const method of ['wamp-scram', 'scram'] as const) {
      const source = sources.find(one => one[method]) ?? expect.fail(method)
      const { role: _, ...scram } = source[method]?.principals.joe ?? {}
      const options = { method, ...scram } as ScramOptions
      expect(await scramSecret(PASSWORD, options), method).deep.equal(scram)
    }
  })
})
