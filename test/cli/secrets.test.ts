import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Command } from 'commander'
import { parse } from 'yaml'
import { signer } from '../../src/auth/cryptosign.ts'
import { craSecret, scramSecret } from '../../src/auth/secrets.ts'
import { hash } from '../../src/cli/hash.ts'
import { keygen } from '../../src/cli/keygen.ts'

/** Runs a verb; gives what it prints, or the error and its exit code. */
async function run(args: string[], secret = ''): Promise<string> {
  let printed = ''
  const write = (text: string) => {
    printed += text
  }
  const program = new Command('wampd').exitOverride().configureOutput({ writeErr: () => {} })
  hash(program, { read: async () => secret, write })
  keygen(program, write)
  try {
    await program.parseAsync(args, { from: 'user' })
    return printed
  } catch (error) {
    const { message, exitCode } = error as Error & { exitCode: number }
    return `${exitCode}: ${message}`
  }
}

describe('wampd hash', () => {
  it('prints the keys of a user of wampcra', async () => {
    const keys = parse(await run(['hash', 'wampcra'], 'pässword'))
    expect(keys).include({ iterations: 10_000, keylen: 32 })
    expect(await craSecret('pässword', 10_000, keys.salt)).deep.equal(keys)
  })

  for (const method of ['scram', 'wamp-scram'] as const) {
    it(`prints the keys of a user of ${method}, with the kdf that is asked for`, async () => {
      const keys = parse(await run(['hash', method, '--memory', '64'], 'password'))
      expect(keys).include({ kdf: 'argon2id13', iterations: 2, memory: 64 })
      expect(await scramSecret('password', { method, ...keys })).deep.equal(keys)
      const flags = ['--kdf', 'pbkdf2', '--iterations', '5', '--json']
      const others = JSON.parse(await run(['hash', method, ...flags], 'password'))
      expect(others).include({ kdf: 'pbkdf2', iterations: 5 }).not.property('memory')
    })
  }

  it('says what is wrong', async () => {
    expect(await run(['hash', 'ticket'], 'x')).contain("2: there is no secret for 'ticket'")
    expect(await run(['hash', 'wampcra'])).equal('2: there is no password on standard input')
    expect(await run(['hash', 'wamp-scram', '--memory', '8'], '\u0007')).match(/^2: this password/)
    expect(await run(['hash', 'scram', '--memory', '-1'], 'x')).contain('a number from 1')
  })
})

describe('wampd keygen', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-keygen-'))
  after(() => rmSync(folder, { recursive: true }))

  it('prints a pair that fits', async () => {
    const { private_key, public_key } = parse(await run(['keygen']))
    expect(signer(private_key).pubkey).equal(public_key)
    expect(JSON.parse(await run(['keygen', '--json'])).public_key).not.equal(public_key)
  })

  it('writes the private key to a new file, and does not print it', async () => {
    const file = join(folder, 'client.key')
    const printed = parse(await run(['keygen', '--out', file]))
    const key = readFileSync(file, 'utf8').trim()
    expect(printed).deep.equal({ public_key: signer(key).pubkey })
    expect(statSync(file).mode & 0o777).equal(0o600)
    expect(await run(['keygen', '--out', file])).contain('2: cannot write')
    expect(readFileSync(file, 'utf8').trim()).equal(key)
  })
})
