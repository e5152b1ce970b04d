import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { Failure } from './exit.ts'
import { examples, jsonFlag } from './flags.ts'

interface Flags {
  readonly out?: string
  readonly json?: boolean
}

/** `wampd keygen`. */
export function keygen(program: Command): void {
  program
    .command('keygen')
    .summary('make a key pair for cryptosign')
    .description(
      'Prints a new key pair (Ed25519) in hex: the client keeps the private key, the public one ' +
        'goes to authorized_keys of the user.',
    )
    .option('--out <file>', 'write the private key to a new file that only you may read')
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd keygen', 'a pair'],
        ['wampd keygen --out client.key', 'prints the public key alone'],
      ]),
    )
    .action(run)
}

async function run({ out, json }: Flags): Promise<void> {
  const { cryptosignPair } = await import('../auth/secrets.ts')
  const pair = cryptosignPair()
  if (out !== undefined) save(out, pair.private_key)
  const shown = out === undefined ? pair : { public_key: pair.public_key }
  const lines = Object.entries(shown).map(([key, value]) => `${key}: "${value}"\n`)
  process.stdout.write(json ? `${JSON.stringify(shown)}\n` : lines.join(''))
}

function save(file: string, key: string): void {
  try {
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${(error as Error).message}`, 1)
  }
}
