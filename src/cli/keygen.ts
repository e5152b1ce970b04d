import { writeFileSync } from 'node:fs'
import type { Command } from 'commander'

/** `wampd keygen`. */
export function keygen(
  program: Command,
  write: (text: string) => void = text => void process.stdout.write(text),
): void {
  const verb = program
    .command('keygen')
    .summary('make a key pair for cryptosign')
    .description(
      'Prints a new key pair (Ed25519) in hex: the client keeps the private key, the public one ' +
        'goes to authorized_keys of the user.',
    )
    .option('--out <file>', 'write the private key to a new file that only you may read')
    .option('--json', 'print JSON')
  verb.action(async ({ out, json }: { out?: string; json?: boolean }) => {
    const { cryptosignPair } = await import('../auth/secrets.ts')
    const pair = cryptosignPair()
    if (out !== undefined) save(out, pair.private_key)
    const shown = out === undefined ? pair : { public_key: pair.public_key }
    const lines = Object.entries(shown).map(([key, value]) => `${key}: "${value}"\n`)
    write(json ? `${JSON.stringify(shown)}\n` : lines.join(''))
  })

  function save(file: string, key: string): void {
    try {
      writeFileSync(file, `${key}\n`, { mode: 0o600, flag: 'wx' })
    } catch (error) {
      verb.error(`cannot write ${file}: ${(error as Error).message}`, { exitCode: 2 })
    }
  }
}
