import { type Command, Option } from 'commander'
import { printable } from '../config/problem.ts'
import { UNAVAILABLE, WampError } from '../protocol/errors.ts'
import { INVOKES } from '../protocol/invoke.ts'
import type { Dict } from '../protocol/payload.ts'
import type { CallHandler, Invoked } from '../remote/invocations.ts'
import { inSessions, note } from './client.ts'
import { runCommand } from './exec.ts'
import { Failure } from './exit.ts'
import { examples, numberFrom, uriFrom } from './flags.ts'
import { type RouterFlags, routerFlags } from './router-flags.ts'
import { argumentsIn, dictFrom, jsonFrom, jsonIn, lineOf } from './values.ts'

interface Flags extends RouterFlags {
  readonly exec?: string
  readonly echo?: boolean
  readonly result?: unknown
  readonly match?: string
  readonly invoke?: string
  readonly options?: Dict
  readonly concurrency: number
  readonly maxOutput: number
  readonly error: string
  readonly json?: boolean
  readonly once?: boolean
  readonly quiet?: boolean
}

/** `wampd register`. */
export function register(program: Command): void {
  const verb = program
    .command('register')
    .summary('answer calls of a procedure by a command')
    .description(
      'Registers a procedure, and answers its calls. --exec runs a command of the shell for each: it gets ' +
        '{"procedure", "args", "kwargs", "details"} on standard input, and what it prints, as JSON, is the ' +
        'result. Where it fails the caller gets an error with what it says on standard error.',
    )
    .argument('<procedure>', 'its URI')
  routerFlags(verb)
    .addOption(
      new Option('--exec <command>', 'run this for each call').conflicts(['echo', 'result']),
    )
    .addOption(
      new Option('--echo', 'give back what it was called with').conflicts(['exec', 'result']),
    )
    .addOption(
      new Option('--result <json>', 'always the same')
        .argParser(jsonFrom)
        .conflicts(['exec', 'echo']),
    )
    .addOption(
      new Option('--match <how>', 'what a procedure is compared by').choices([
        'exact',
        'prefix',
        'wildcard',
      ]),
    )
    .addOption(
      new Option('--invoke <policy>', 'who gets a call, where several have registered').choices(
        INVOKES,
      ),
    )
    .option('--options <json>', 'further options of REGISTER', dictFrom)
    .option(
      '--concurrency <n>',
      'commands that may run at once; other calls wait',
      numberFrom(1, 10_000),
      10,
    )
    .option(
      '--max-output <bytes>',
      'what a command may print',
      numberFrom(1, 16_777_216),
      1_048_576,
    )
    .option('--error <uri>', 'the error where a command fails', uriFrom, 'wamp.error.runtime_error')
    .option('--json', 'the command prints {"args": [], "kwargs": {}}')
    .option('--once', 'end where the connection is lost')
    .option('-q, --quiet', 'do not say when it is registered, nor which commands fail')
    .addHelpText(
      'after',
      examples([
        ['wampd register com.example.sum --exec \'jq ".args | add"\'', 'by a command'],
        ['wampd register com.example.date --exec \'date +\\"%F\\"\'', 'prints JSON'],
        ['wampd register com.example.ping --result true', 'the same for all'],
      ]),
    )
    .action(run)
}

async function run(procedure: string, flags: Flags): Promise<void> {
  const { match, invoke, exec, concurrency, quiet } = flags
  const handle = handlerOf(flags)
  const options = {
    ...(match === undefined ? {} : { match }),
    ...(invoke === undefined ? {} : { invoke }),
    ...(exec === undefined ? {} : { concurrency }),
    ...flags.options,
  }
  await inSessions(flags, async (session, signal) => {
    const held = await session.register(procedure, handle, options)
    if (!quiet) note(`registered ${procedure}`)
    const ended = new Promise<'ended'>(resolve => {
      signal.addEventListener('abort', () => resolve('ended'))
    })
    const over = await Promise.race([ended, session.ended, held.revoked])
    if (over === 'ended') await held.end()
    else if (typeof over !== 'string') throw over
    else throw new Failure(`the router has ended the registration: ${over}`, 4)
  })
}

function handlerOf(flags: Flags): CallHandler {
  const { exec, echo, result, concurrency } = flags
  if (exec !== undefined) return limited(concurrency, call => byCommand(exec, call, flags))
  if (echo) return async ({ args, kwargs }) => ({ args, kwargs })
  if (result !== undefined) return async () => ({ args: [result] })
  throw new Failure('what answers the calls? give one of --exec, --echo and --result', 2)
}

/** A router that does not know the option `concurrency` is told that more calls are too many. */
function limited(most: number, handle: CallHandler): CallHandler {
  let running = 0
  return async call => {
    if (running >= most) throw new WampError(UNAVAILABLE, [`${most} calls are under way`])
    running++
    try {
      return await handle(call)
    } finally {
      running--
    }
  }
}

async function byCommand(command: string, call: Invoked, flags: Flags): ReturnType<CallHandler> {
  const { error: uri, maxOutput, json, quiet } = flags
  const { procedure, args, kwargs, details, signal } = call
  const input = lineOf({ procedure, args, kwargs, details })
  try {
    const output = await runCommand(command, input, { error: uri, maxOutput, signal })
    if (output.trim() === '') return {}
    const value = jsonIn(output, 'what the command printed')
    return json ? argumentsIn(value, 'what the command printed') : { args: [value] }
  } catch (error) {
    const { message } = error as Error
    if (!quiet) note(`${printable(procedure)} failed: ${printable(message, 300)}`)
    throw error instanceof Failure ? new WampError(uri, [message]) : error
  }
}
