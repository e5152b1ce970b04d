import { type Command, Option } from 'commander'
import type { TokenKey } from '../auth/token.ts'
import type { Dict } from '../protocol/payload.ts'
import { Failure } from './exit.ts'
import { durationFrom, examples } from './flags.ts'
import { secretFrom, textIn } from './router-flags.ts'
import { pairsFrom } from './values.ts'

interface Flags {
  readonly secretFile?: string
  readonly key?: string
  readonly algorithm?: string
  readonly authid?: string
  readonly role?: string[]
  readonly realm?: string
  readonly issuer?: string
  readonly audience?: string
  readonly expires: number
  readonly claim?: Dict
}

const ALGORITHMS = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512'],
  ...['PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
]

/** `wampd token`. */
export function token(program: Command): void {
  program
    .command('token')
    .summary('make a token (JWT), to try out a configuration')
    .description(
      'Prints a signed token for the authenticator `jwt`: authid is the claim sub, role the claim role. ' +
        'Clients send it as a ticket.',
    )
    .option(
      '--secret-file <file>',
      'a file with the secret that the configuration has; - asks (or WAMPD_JWT_SECRET)',
    )
    .option(
      '--key <file>',
      'instead: the private key, in PEM, to the public key that the configuration has',
    )
    .addOption(
      new Option(
        '--algorithm <name>',
        'by default HS256 with a secret, and what goes with the key',
      ).choices(ALGORITHMS),
    )
    .requiredOption('--authid <id>', 'whose token')
    .option('--role <name...>', 'the role, or several')
    .option('--realm <uri>', 'a claim of that name; wampd does not look at it')
    .option('--issuer <name>', 'the claim iss')
    .option('--audience <name>', 'the claim aud')
    .option('--expires <duration>', 'how long it can be used', durationFrom, 3_600_000)
    .option('--claim <name=value>', 'a further claim; or a JSON object of them', pairsFrom)
    .addHelpText(
      'after',
      examples([
        ['wampd token --secret-file jwt.secret --authid ada --role user', 'for an hour'],
        [
          'wampd token --key jwt.pem --authid ada --role user --expires 5m > t && wampd call com.example.ping --ticket-file t',
          'and used',
        ],
      ]),
    )
    .action(run)
}

async function run(flags: Flags): Promise<void> {
  const { authid, role, realm, issuer, audience, expires, algorithm, claim } = flags
  const key = await keyOf(flags)
  const known = {
    sub: authid,
    role: role?.length === 1 ? role[0] : role,
    realm,
    iss: issuer,
    aud: audience,
  }
  const claims = Object.fromEntries(
    Object.entries({ ...known, ...claim }).filter(([, value]) => value !== undefined),
  )
  const { signToken } = await import('../auth/token.ts')
  const made = await signToken(claims, key, expires, Date.now(), algorithm).catch(
    (error: Error) => {
      throw new Failure(`${'pem' in key ? '--key' : '--secret-file'}: ${error.message}`, 2)
    },
  )
  process.stdout.write(`${made}\n`)
}

async function keyOf({ secretFile, key }: Flags): Promise<TokenKey> {
  if (secretFile !== undefined && key !== undefined) {
    throw new Failure('--secret-file and --key exclude each other', 2)
  }
  if (key !== undefined) return { pem: textIn('--key', key) }
  const secret = await secretFrom('--secret-file', secretFile, process.env.WAMPD_JWT_SECRET)
  if (secret === undefined)
    throw new Failure('what is it signed with? give --secret-file or --key', 2)
  return { secret }
}
