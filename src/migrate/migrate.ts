import { type Context, contextOf } from './context.ts'
import { crossbar } from './crossbar/crossbar.ts'
import { Draft } from './draft.ts'
import type { Given } from './given.ts'
import { nexus } from './nexus.ts'
import { nxt } from './nxt.ts'
import { Report, type Row } from './report.ts'
import { settle } from './settle.ts'
import { given, type SourceOptions } from './source.ts'

export type { Row } from './report.ts'

interface Migration {
  /** Fills the draft of a configuration by what is given. */
  convert(context: Context, top: Given): void
  readonly reading: Omit<SourceOptions, 'report'>
  /** `${NAME}` is a variable in its secrets. */
  readonly hasVariables: boolean
}

const MIGRATIONS = {
  // Its own parser of YAML knows 1.1.
  crossbar: { convert: crossbar, reading: { yaml: '1.1' }, hasVariables: true },
  nexus: { convert: nexus, reading: { ignoresCase: true }, hasVariables: false },
  nxt: { convert: nxt, reading: {}, hasVariables: false },
} as const satisfies Record<string, Migration>

export type OldRouter = keyof typeof MIGRATIONS

export interface Migrated {
  /** The new file: YAML that `wampd check` takes, given the variables. */
  readonly text: string
  /** What became of each key, in the order of the source. */
  readonly rows: readonly Row[]
  /** Environment variables that the new file needs. */
  readonly variables: readonly string[]
}

export interface Files {
  /** The source: its name, and where the paths in it are relative to. */
  readonly file: string
  /** The new file: paths in it are relative to it. */
  readonly out: string
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Makes a configuration of wampd of that of another router. Throws a ConfigError where the source
 * cannot be read, or nothing sound can be made of it.
 */
export function migrate(router: OldRouter, text: string, files: Files): Migrated {
  const { file, out, env = process.env } = files
  const report = new Report(file)
  const { convert, reading, hasVariables }: Migration = MIGRATIONS[router]
  const top = given(text, file, { report, ...reading })
  const draft = new Draft(report)
  convert(contextOf(draft, { ...files, hasVariables }), top)
  top.reportUnknown()
  settle(draft, out, env)
  const rows = report.sorted()
  const variables = [...draft.variables.keys()]
  return { text: draft.text(heading(router, file, rows)), rows, variables }
}

/** What stands at the top of the new file. */
function heading(router: string, file: string, rows: readonly Row[]): string {
  const dropped = rows
    .filter(({ fate }) => fate === 'dropped')
    .map(({ line, path, text = '', remedy }) => {
      const hint = remedy === undefined ? '' : ` (${remedy})`
      return `  line ${line}, ${path}: ${text}${hint}`
    })
  const made = `Made of ${JSON.stringify(file)} by wampd migrate ${router}.`
  return [made, ...(dropped.length === 0 ? [] : ['Dropped:', ...dropped])].join('\n')
}
