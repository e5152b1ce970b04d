import { type Command, Option } from 'commander'
import type { Explanation, Query } from '../config/explain.ts'
import type { Loaded } from '../config/load.ts'
import { nearest } from '../config/nearest.ts'
import { ConfigError, type Problem, problemText } from '../config/problem.ts'
import { MATCHES, type Match } from '../match/uri.ts'
import { configFile } from './config-file.ts'
import { Failure } from './exit.ts'
import { examples, jsonFlag } from './flags.ts'

interface Flags {
  readonly json?: boolean
  readonly explain?: string[]
  readonly match?: Match
}

const ACTIONS: readonly Query['action'][] = ['call', 'register', 'publish', 'subscribe']

/** `wampd check`. */
export function check(program: Command): void {
  program
    .command('check')
    .summary('look for mistakes in a configuration, or say who may do what')
    .description(
      'Prints every mistake of a configuration with its line. With --explain it says whether a user ' +
        'may do something, and by which rule. The exit code is 1 for mistakes, and for all but a yes.',
    )
    .argument('[file]', 'by default wampd.yaml, wampd.yml or wampd.json in this folder')
    .addOption(jsonFlag())
    .option(
      '--explain <authid uri action...>',
      `may this user do that? action: ${ACTIONS.join(', ')}`,
    )
    .addOption(new Option('--match <policy>', 'the URI is a pattern').choices(MATCHES))
    .addHelpText(
      'after',
      examples([
        ['wampd check', 'all mistakes'],
        ['wampd check --explain joe com.example.time call', 'may joe call it?'],
        ['wampd check --explain anonymous com.example. subscribe --match prefix', 'and a pattern?'],
      ]),
    )
    .action(run)
}

async function run(named: string | undefined, flags: Flags): Promise<void> {
  const file = configFile(named)
  const query = queryOf(flags)
  const { readConfig } = await import('../config/load.ts')
  let loaded: Loaded
  try {
    loaded = readConfig(file)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    print(flags, { ok: false, problems: error.problems }, problemLines(error.problems))
    process.exitCode = 1
    return
  }
  if (query === undefined) print(flags, { ok: true, problems: [] }, [summary(file, loaded)])
  else await answer(flags, loaded, query)
}

/** Tells whether somebody may do something. The exit code is 1 where it is not allowed anywhere. */
async function answer(flags: Flags, loaded: Loaded, query: Query): Promise<void> {
  const { explain } = await import('../config/explain.ts')
  const explanations = explain(loaded, query)
  const allowed = explanations.some(one => one.allowed)
  print(flags, { ok: true, allowed, explanations }, explanations.map(explanationText))
  if (!allowed) process.exitCode = 1
}

function queryOf({ explain, match }: Flags): Query | undefined {
  if (explain === undefined) {
    if (match !== undefined) throw new Failure('--match belongs to --explain', 2)
    return undefined
  }
  const [authid, uri, word = ''] = explain
  if (authid === undefined || uri === undefined || explain.length !== 3) {
    throw new Failure('--explain takes AUTHID URI ACTION; a FILE comes before it', 2)
  }
  const action = ACTIONS.find(known => known === word)
  if (action !== undefined) return { authid, uri, action, match }
  const meant = nearest(word, ACTIONS) ?? ACTIONS.join(', ')
  throw new Failure(`unknown action '${word}' (Did you mean ${meant}?)`, 2)
}

function print({ json }: Flags, data: object, lines: readonly string[]): void {
  process.stdout.write(`${json ? JSON.stringify(data, null, 2) : lines.join('\n')}\n`)
}

function problemLines(problems: readonly Problem[]): string[] {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  return [...problems.map(problemText), count]
}

function summary(file: string, { config, files }: Loaded): string {
  const { realms, transports } = config
  const facts = [
    [realms.length, 'realm'],
    [transports.length, 'transport'],
    [files.length, 'file'],
  ] as const
  const counts = facts.map(([count, what]) => `${count} ${what}${count === 1 ? '' : 's'}`)
  return `${file} is sound: ${counts.join(', ')}`
}

function explanationText(one: Explanation): string {
  const { allowed, asks, reason, realm, authenticator, method, role, file, line, column } = one
  const answer = asks === undefined ? 'no' : 'perhaps'
  const way = [
    realm === undefined ? undefined : `in ${realm}`,
    role === undefined ? undefined : `as ${role}`,
    authenticator === undefined ? undefined : `by ${authenticator}.${method}`,
  ]
  const place = [file, line, column].filter(part => part !== undefined).join(':')
  const words = [allowed ? 'yes' : answer, ...way.filter(part => part !== undefined)].join(' ')
  return `${words}: ${reason}${place === '' ? '' : ` (${place})`}`
}
