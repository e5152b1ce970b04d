import { Argument, type Command, Option } from 'commander'
import { Failure } from './exit.ts'
import { examples, jsonFlag, numberFrom } from './flags.ts'
import { readSecret } from './secret-input.ts'

const METHODS = ['wampcra', 'scram', 'wamp-scram'] as const
type Method = (typeof METHODS)[number]

interface Flags {
  readonly kdf: 'pbkdf2' | 'argon2id13'
  readonly iterations?: number
  readonly memory: number
  readonly json?: boolean
}

/** Rounds by default: wampcra's are made by browsers in JavaScript at each login. */
const ITERATIONS = { wampcra: 10_000, pbkdf2: 600_000, argon2id13: 2 } as const

/** `wampd hash`. */
export function hash(program: Command): void {
  program
    .command('hash')
    .summary('make of a password what the configuration keeps of it')
    .description(
      'Reads a password from standard input, and prints the keys of a user for a configuration: ' +
        'salted, so that the password is not in the file.',
    )
    .addArgument(new Argument('<method>', 'for which method').choices(METHODS))
    .addOption(
      new Option('--kdf <name>', 'for scram: how a key is made of the password')
        .choices(['argon2id13', 'pbkdf2'])
        .default('argon2id13'),
    )
    .option(
      '--iterations <count>',
      'rounds; more are slower, for clients and for thieves',
      numberFrom(1, 10_000_000),
    )
    .option(
      '--memory <KiB>',
      'for argon2id13: the memory that the client needs',
      numberFrom(8, 4_194_304),
      19_456,
    )
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd hash wampcra', 'asks for the password'],
        ['wampd hash scram < password.txt', 'takes the first line of a file'],
      ]),
    )
    .action(run)
}

async function run(method: Method, flags: Flags): Promise<void> {
  const secret = await readSecret()
  if (secret === '') throw new Failure('there is no password on standard input', 2)
  const keys = await keysOf(method, secret, flags).catch((error: Error) => {
    throw new Failure(`this password cannot be used: ${error.message}`, 2)
  })
  process.stdout.write(flags.json ? `${JSON.stringify(keys)}\n` : yaml(keys))
}

async function keysOf(method: Method, secret: string, flags: Flags): Promise<object> {
  // Loaded when needed: argon2 is large.
  const { craSecret, scramSecret } = await import('../auth/secrets.ts')
  const { kdf, memory } = flags
  if (method === 'wampcra') return craSecret(secret, flags.iterations ?? ITERATIONS.wampcra)
  const iterations = flags.iterations ?? ITERATIONS[kdf]
  return scramSecret(secret, { method, kdf, iterations, memory })
}

function yaml(keys: object): string {
  const lines = Object.entries(keys).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`)
  return lines.join('')
}
