import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { signer } from '../../src/auth/cryptosign.ts'
import { craSecret, scramSecret } from '../../src/auth/secrets.ts'
import { failureOf, type Run, Wampd } from './wampd.ts'

describe('command line: hash', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  /** Runs the verb with a text on standard input. */
  function hash(text: string, ...args: string[]): Run {
    const run = wampd.run('hash', ...args)
    run.process.stdin?.end(text)
    return run
  }

  async function keysOf(run: Run): Promise<Record<string, never>> {
    expect(await run.exited, run.err).to.equal(0)
    return parse(run.out)
  }

  it('prints the keys of a user of wampcra', async () => {
    const keys = await keysOf(hash('pässword\nsecond line\n', 'wampcra'))
    expect(keys).to.include({ iterations: 10_000, keylen: 32 })
    expect(await craSecret('pässword', 10_000, keys.salt)).to.deep.equal(keys)
  })

  for (const method of ['scram', 'wamp-scram'] as const) {
    it(`prints the keys of a user of ${method}, with the kdf that is asked for`, async () => {
      const keys = await keysOf(hash('password', method, '--memory', '64'))
      expect(keys).to.include({ kdf: 'argon2id13', iterations: 2, memory: 64 })
      expect(await scramSecret('password', { method, ...keys } as never)).to.deep.equal(keys)
      const run = hash('password', method, '--kdf', 'pbkdf2', '--iterations', '5', '--json')
      await run.exited
      const others = JSON.parse(run.out)
      expect(others).to.include({ kdf: 'pbkdf2', iterations: 5 }).not.property('memory')
    })
  }

  it('says what is wrong', async () => {
    const lines = await Promise.all([
      failureOf(hash('x', 'ticket'), 2),
      failureOf(hash('', 'wampcra'), 2),
      failureOf(hash('\u0007', 'wamp-scram', '--memory', '8'), 2),
      failureOf(hash('x', 'scram', '--memory', '7'), 2),
      failureOf(hash('x', 'scram', '--iterations', '10000001'), 2),
    ])
    const [method, none, forbidden, memory, iterations] = lines.map(([line]) => line)
    expect(method).to.match(/'ticket' is invalid.*wampcra, scram, wamp-scram/)
    expect(none).to.equal('there is no password on standard input')
    expect(forbidden).to.match(/^this password cannot be used: /)
    expect(memory).to.match(/'7' is invalid.*from 8 to 4194304/)
    expect(iterations).to.match(/'10000001' is invalid.*from 1 to 10000000/)
  })
})

describe('command line: keygen', function () {
  this.timeout(30000)
  const wampd = new Wampd()

  it('prints a pair that fits', async () => {
    const { private_key, public_key } = parse(await wampd.output('keygen'))
    expect(signer(private_key).pubkey).to.equal(public_key)
    const other = JSON.parse(await wampd.output('keygen', '--json'))
    expect(other.public_key).to.not.equal(public_key)
  })

  it('writes the private key to a new file, and does not print it', async () => {
    const file = join(wampd.folder, 'client.key')
    const printed = parse(await wampd.output('keygen', '--out', file))
    const key = readFileSync(file, 'utf8').trim()
    expect(printed).to.deep.equal({ public_key: signer(key).pubkey })
    expect(statSync(file).mode & 0o777).to.equal(0o600)
    const [line] = await wampd.failure(1, 'keygen', '--out', file)
    expect(line).to.contain('cannot be written')
    expect(readFileSync(file, 'utf8').trim()).to.equal(key)
  })
})
