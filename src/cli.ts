#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { admin } from './cli/admin.ts'
import { bench } from './cli/bench.ts'
import { call } from './cli/call.ts'
import { check } from './cli/check.ts'
import { completion } from './cli/completion.ts'
import { conformance } from './cli/conformance.ts'
import { dev } from './cli/dev.ts'
import { drain } from './cli/drain.ts'
import { EXIT_CODES, Failure } from './cli/exit.ts'
import { examples } from './cli/flags.ts'
import { hash } from './cli/hash.ts'
import { init } from './cli/init.ts'
import { keygen } from './cli/keygen.ts'
import { kill } from './cli/kill.ts'
import { ls } from './cli/ls.ts'
import { migrate } from './cli/migrate.ts'
import { publish } from './cli/publish.ts'
import { register } from './cli/register.ts'
import { reload } from './cli/reload.ts'
import { schema } from './cli/schema.ts'
import { start } from './cli/start.ts'
import { status } from './cli/status.ts'
import { stop } from './cli/stop.ts'
import { subscribe } from './cli/subscribe.ts'
import { token } from './cli/token.ts'
import { top } from './cli/top.ts'
import { trace } from './cli/trace.ts'
import { versionVerb } from './cli/version.ts'
import { nearest } from './config/nearest.ts'
import { ConfigError } from './config/problem.ts'
import { ControlError } from './control/control-error.ts'
import { StoreError } from './store/store.ts'
import { ListenError } from './transport/transport.ts'
import { version } from './version.ts'

const VERBS = [
  dev,
  start,
  init,
  check,
  migrate,
  status,
  admin,
  top,
  ls,
  kill,
  trace,
  reload,
  drain,
  stop,
  call,
  publish,
  subscribe,
  register,
  bench,
  conformance,
  hash,
  keygen,
  token,
  schema,
  completion,
  versionVerb,
]

const codes = Object.entries(EXIT_CODES).map(([code, text]) => `  ${code.padEnd(5)}${text}`)

const program = new Command('wampd')
  .description('A WAMP router. Without a verb it starts one for development.')
  .usage('[verb] [options]')
  .version(version)
  .configureOutput({ outputError: (text, write) => write(errorLine(text)) })
  .exitOverride()
  .addHelpText(
    'after',
    examples([
      ['wampd', 'a router for development, without a configuration'],
      ['wampd init && wampd start', 'a configuration, and a router by it'],
      ['wampd start --help', 'the flags of a verb'],
    ]),
  )
  .addHelpText('after', ['', 'Exit codes:', ...codes].join('\n'))
for (const verb of VERBS) verb(program)

// Whoever read our output may go before we do (wampd | head).
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  checkVerb(process.argv[2])
  await program.parseAsync()
} catch (error) {
  process.exit(report(error))
}

/** Without this the verb of development would take the word, and say something else of it. */
function checkVerb(word = '-'): void {
  const known = ['help', ...program.commands.map(verb => verb.name())]
  if (word.startsWith('-') || known.includes(word)) return
  const meant = nearest(word, known)
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `Did you mean ${meant}?`
  throw new Failure(`unknown verb '${word}' (${hint})`, 2)
}

/** Says what went wrong, and gives the exit code. Throws on what the operator cannot mend: our bugs. */
function report(error: unknown): number {
  // It has said so itself.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const code = codeOf(error)
  if (code === undefined) throw error
  for (const line of (error as Error).message.split('\n')) process.stderr.write(`wampd: ${line}\n`)
  return code
}

function codeOf(error: unknown): number | undefined {
  if (error instanceof Failure) return error.code
  if (error instanceof ConfigError) return 2
  const isMendable = [ListenError, ControlError, StoreError].some(kind => error instanceof kind)
  return isMendable ? 1 : undefined
}

/** Commander's errors in one line, its suggestion included. */
function errorLine(text: string): string {
  return `wampd: ${text
    .replace(/^error: /, '')
    .trim()
    .replaceAll('\n', ' ')}\n`
}
