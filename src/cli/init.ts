import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { type Command, Option } from 'commander'
import { shipped } from '../config/shipped.ts'
import { Failure } from './exit.ts'
import { examples } from './flags.ts'

/** What a configuration can start from, and its file in `realms`. */
const TEMPLATES: Readonly<Record<string, string>> = {
  development: 'realm1.yaml',
  production: 'production.yaml',
  'multi-realm': 'multi-realm.yaml',
  proxy: 'proxy.yaml',
}

const SCHEMA = 'wampd.schema.json'

interface Flags {
  readonly template: string
  readonly force: boolean
}

/** `wampd init`. */
export function init(program: Command): void {
  program
    .command('init')
    .summary('write a configuration to start from')
    .description(
      'Writes a commented configuration to start from, the files that it includes, and beside it the ' +
        'schema by which editors check and explain the keys.',
    )
    .argument('[file]', 'where to write it', 'wampd.yaml')
    .addOption(
      new Option('-t, --template <name>', 'what to start from')
        .choices(Object.keys(TEMPLATES))
        .default('production'),
    )
    .option('-f, --force', 'overwrite files that are there', false)
    .addHelpText(
      'after',
      examples([
        ['wampd init', 'wampd.yaml for a small production'],
        ['wampd init etc/wampd.yaml --template proxy', 'behind nginx or another proxy'],
      ]),
    )
    .action(run)
}

async function run(file: string, { template, force }: Flags): Promise<void> {
  const copies = await copiesFor(template, file)
  const taken = copies.filter(({ from, to }) => !force && isOther(to, from)).map(({ to }) => to)
  if (taken.length > 0) {
    throw new Failure(
      taken.map(to => `${to} is there already; --force overwrites it`).join('\n'),
      1,
    )
  }
  for (const { from, to } of copies) write(from, to)
  const command = file === 'wampd.yaml' ? 'wampd start' : `wampd start --config ${file}`
  process.stdout.write(`Read it, change it, then: ${command}\n`)
}

interface Copy {
  readonly from: string
  readonly to: string
}

async function copiesFor(template: string, file: string): Promise<Copy[]> {
  const { includedFiles } = await import('../config/include.ts')
  const { readSource } = await import('../config/source.ts')
  const main = shipped(`realms/${TEMPLATES[template]}`)
  const { include = [] } = readSource(main).data as { include?: string[] }
  const beside = (from: string) => ({
    from,
    to: join(dirname(file), relative(dirname(main), from)),
  })
  const included = include.flatMap(pattern => includedFiles(pattern, main))
  return [{ from: main, to: file }, ...[...included, shipped(`realms/${SCHEMA}`)].map(beside)]
}

/** True where a file would be lost: one is there that says something else. */
function isOther(to: string, from: string): boolean {
  return existsSync(to) && !readFileSync(to).equals(readFileSync(from))
}

function write(from: string, to: string): void {
  try {
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(from, to)
  } catch (error) {
    throw new Failure(`${to} cannot be written: ${(error as Error).message}`, 1)
  }
  process.stdout.write(`wrote ${to}\n`)
}
