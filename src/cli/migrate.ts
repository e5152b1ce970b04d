import { existsSync, renameSync, writeFileSync } from 'node:fs'
import { Argument, type Command } from 'commander'
import { ofWholeFile } from '../config/problem.ts'
import { readTextFile } from '../config/text-file.ts'
import type { Migrated, OldRouter, Row } from '../migrate/migrate.ts'
import { Failure } from './exit.ts'
import { examples, jsonFlag } from './flags.ts'

interface Flags {
  readonly out: string
  readonly force: boolean
  readonly json?: boolean
}

/** Those that can be migrated from; what reads their files is loaded when needed. */
const ROUTERS: readonly OldRouter[] = ['crossbar', 'nexus', 'nxt']

/** Largest source in bytes. */
const MAX_SIZE = 10 << 20

/** `wampd migrate`. */
export function migrate(program: Command): void {
  program
    .command('migrate')
    .summary('make a configuration of that of another router')
    .description(
      'Reads the configuration of another router and writes one for wampd, which wampd check takes. ' +
        'On standard error it says of each key what became of it, with its line. The exit code is 1 ' +
        'where something was dropped, and 2 where nothing was written.',
    )
    .addArgument(new Argument('<router>', 'whose configuration').choices(ROUTERS))
    .argument('<file>', 'its file, JSON or YAML')
    .option('--out <file>', 'where to write; - for standard output', 'wampd.yaml')
    .option('-f, --force', 'overwrite a file that is there', false)
    .addOption(jsonFlag())
    .addHelpText(
      'after',
      examples([
        ['wampd migrate crossbar .crossbar/config.json', 'writes wampd.yaml, and says what is new'],
        ['wampd migrate nexus nexus.json --out - | less', 'shows it'],
        ['wampd migrate nxt .nxt/config.yaml --json | jq .dropped', 'for scripts'],
      ]),
    )
    .action(run)
}

async function run(router: OldRouter, file: string, flags: Flags): Promise<void> {
  const { out, force, json = false } = flags
  const isPrinted = out === '-'
  if (isPrinted && json) throw new Failure('--json needs a file for --out: both are printed', 2)
  if (!isPrinted && !force && existsSync(out)) {
    throw new Failure(`${out} is there already; --force overwrites it`, 2)
  }
  const { migrate } = await import('../migrate/migrate.ts')
  const migrated = migrate(router, textOf(file), { file, out: isPrinted ? 'wampd.yaml' : out })
  if (isPrinted) process.stdout.write(migrated.text)
  else write(out, migrated.text)
  if (json) process.stdout.write(`${JSON.stringify(jsonOf(out, migrated), null, 2)}\n`)
  else process.stderr.write(`${reportText(out, migrated)}\n`)
  if (migrated.rows.some(({ fate }) => fate === 'dropped')) process.exitCode = 1
}

function textOf(file: string): string {
  try {
    return readTextFile(file, MAX_SIZE)
  } catch (error) {
    throw ofWholeFile(file, (error as Error).message, error)
  }
}

function write(out: string, text: string): void {
  const draft = `${out}.${process.pid}`
  try {
    // It may hold secrets, so that a file which is there keeps neither its mode nor its readers.
    writeFileSync(draft, text, { mode: 0o600, flag: 'wx' })
    renameSync(draft, out)
  } catch (error) {
    throw new Failure(`${out} cannot be written: ${(error as Error).message}`, 2)
  }
}

const FATES = ['converted', 'changed', 'dropped'] as const

function jsonOf(out: string, { rows, variables }: Migrated): object {
  const parts = FATES.map(fate => [
    fate,
    rows.filter(row => row.fate === fate).map(({ fate: _, ...row }) => row),
  ])
  return { out, ...Object.fromEntries(parts), variables }
}

/** A table for each fate, and the counts. */
function reportText(out: string, { rows, variables }: Migrated): string {
  const tables = FATES.flatMap(fate => {
    const some = rows.filter(row => row.fate === fate)
    return some.length === 0 ? [] : [`${fate}:`, ...some.flatMap(linesOf), '']
  })
  const counts = FATES.map(fate => `${rows.filter(row => row.fate === fate).length} ${fate}`)
  const needs = variables.length === 0 ? [] : [`It needs the variables ${variables.join(', ')}.`]
  const where = out === '-' ? [] : [`wrote ${out}; wampd check ${out} looks at it again`]
  return [...tables, counts.join(', '), ...needs, ...where].join('\n')
}

function linesOf({ file, line, path, to, text, remedy }: Row): string[] {
  const words = [to === undefined ? undefined : `-> ${to}`, text].filter(part => part !== undefined)
  const first = `  ${file}:${line}  ${path}  ${words.join('  ')}`.trimEnd()
  return remedy === undefined ? [first] : [first, `      ${remedy}`]
}
