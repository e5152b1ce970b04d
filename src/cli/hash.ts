import { type Command, InvalidArgumentError, Option } from 'commander'
import { readSecret } from './secret-input.ts'

interface Flags {
  readonly kdf: 'pbkdf2' | 'argon2id13'
  readonly iterations?: number
  readonly memory: number
  readonly json?: boolean
}

const METHODS = ['wampcra', 'scram', 'wamp-scram'] as const
type Method = (typeof METHODS)[number]

/** Rounds by default: wampcra's are made by browsers in JavaScript at each login. */
const ITERATIONS = { wampcra: 10_000, pbkdf2: 600_000, argon2id13: 2 } as const

/** Where the verb reads and writes. */
interface Ends {
  read(): Promise<string>
  write(text: string): void
}

const PROCESS: Ends = { read: readSecret, write: text => void process.stdout.write(text) }

/** `wampd hash`. */
export function hash(program: Command, { read, write }: Ends = PROCESS): void {
  const verb = program
    .command('hash')
    .summary('make of a password what the configuration keeps of it')
    .description(
      'Reads a password from standard input, and prints the keys of a user for a configuration: ' +
        'salted, so that the password is not in the file.',
    )
    .argument('<method>', `for which method: ${METHODS.join(', ')}`)
    .addOption(
      new Option('--kdf <name>', 'for scram: how a key is made of the password')
        .choices(['argon2id13', 'pbkdf2'])
        .default('argon2id13'),
    )
    .option('--iterations <count>', 'rounds; more are slower, for clients and for thieves', count)
    .option('--memory <KiB>', 'for argon2id13: the memory that the client needs', count, 19_456)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  wampd hash wampcra                   asks for the password\n' +
        '  wampd hash scram < password.txt      takes the first line of a file',
    )
  verb.action(async (method: Method, flags: Flags) => {
    if (!METHODS.includes(method)) {
      verb.error(`there is no secret for '${method}': known are ${METHODS.join(', ')}`, FAULT)
    }
    const secret = await read()
    if (secret === '') verb.error('there is no password on standard input', FAULT)
    const keys = await keysOf(method, secret, flags).catch((error: Error) =>
      verb.error(`this password cannot be used: ${error.message}`, FAULT),
    )
    write(flags.json ? `${JSON.stringify(keys)}\n` : yaml(keys))
  })
}

const FAULT = { exitCode: 2 }

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

function count(text: string): number {
  if (/^[1-9]\d{0,7}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a number from 1 to 99999999')
}
