import type { Command } from 'commander'
import { WampError } from '../protocol/errors.ts'
import type { Dict } from '../protocol/payload.ts'
import { inSession, printer } from './client.ts'
import { durationFrom, examples } from './flags.ts'
import { type RouterFlags, routerFlags } from './router-flags.ts'
import { dictFrom, lineOf, pairsFrom, plain } from './values.ts'
import { argsIn } from './words.ts'

interface Flags extends RouterFlags {
  readonly kwargs?: Dict
  readonly progress?: boolean
  readonly callTimeout?: number
  readonly discloseMe?: boolean
  readonly options?: Dict
  readonly json?: boolean
}

/** A router that does not end a call in time is given so long beyond: ms. */
const GRACE = 1000

/** `wampd call`. */
export function call(program: Command): void {
  const verb = program
    .command('call')
    .summary('call a procedure')
    .description(
      'Calls a procedure, and prints the result as JSON. An argument is JSON where it is some, else text; ' +
        '- is the JSON on standard input. Ctrl-C cancels the call.',
    )
    .argument('<procedure>', 'its URI')
    .argument('[args...]', 'what it is called with')
  routerFlags(verb)
    .option('-k, --kwargs <json>', 'keyword arguments: a JSON object, or name=value', pairsFrom)
    .option('--progress', 'ask for progressive results, and print each in a line')
    .option(
      '--call-timeout <duration>',
      'end the call after that time (default: none)',
      durationFrom,
    )
    .option('--disclose-me', 'have the callee told who calls')
    .option('--options <json>', 'further options of CALL', dictFrom)
    .option('--json', 'print all of the result or error, as {"args", "kwargs", "details"}')
    .addHelpText(
      'after',
      examples([
        ['wampd call com.example.add 2 3', 'prints 5'],
        ['wampd call com.example.greet -k name=Ada', 'with a keyword argument'],
        ['wampd call com.example.count 3 --progress', 'a line each as they come'],
        ['wampd call com.example.store - < item.json', 'an argument from a file'],
      ]),
    )
    .action(run)
}

async function run(procedure: string, words: string[], flags: Flags): Promise<void> {
  const { kwargs = {}, progress, callTimeout, discloseMe, json } = flags
  const args = await argsIn(words, flags)
  const options = {
    ...(callTimeout === undefined ? {} : { timeout: callTimeout }),
    ...(discloseMe === undefined ? {} : { disclose_me: discloseMe }),
    ...flags.options,
  }
  await inSession(flags, async (session, signal) => {
    const print = printer(session)
    const show = (values: Parameters<typeof plain>[0]) => print(json ? values : plain(values))
    try {
      const result = await session.call(procedure, args, kwargs, {
        ...{ options, signal },
        ...(progress === undefined ? {} : { onProgress: show }),
        ...(callTimeout === undefined ? {} : { timeout: callTimeout + GRACE }),
      })
      show(result)
    } catch (error) {
      const isAnswer = error instanceof WampError && !signal.aborted
      if (json && isAnswer) {
        const { uri, args, kwargs } = error
        process.stdout.write(lineOf({ error: uri, args, kwargs }))
      }
      throw error
    }
  })
}
