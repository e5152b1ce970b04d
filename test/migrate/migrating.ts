import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { type Loaded, parseConfig } from '../../src/config/load.ts'
import { type Migrated, migrate, type OldRouter, type Row } from '../../src/migrate/migrate.ts'

/** A migration of a text, whose result has been checked by wampd's own check. */
export interface Outcome extends Migrated {
  readonly config: Loaded['config']
  /** The rows of a fate, as `line path: text`. */
  of(fate: Row['fate']): string[]
}

/**
 * Migrates a text that stands in this file, into one beside it; fails where the result is not sound.
 * The variables of the source have the values that are given.
 */
export function migrated(
  router: OldRouter,
  text: string,
  { file = 'old.json', env = {} }: { file?: string; env?: NodeJS.ProcessEnv } = {},
): Outcome {
  const out = join(dirname(file), 'wampd.yaml')
  const result = migrate(router, text, { file, out, env })
  const given = Object.fromEntries(result.variables.map((name, i) => [name, String(30_000 + i)]))
  const { config } = parseConfig(result.text, out, { ...given, ...env })
  for (const row of result.rows) expect(row.line).to.be.within(1, text.split('\n').length)
  const of = (fate: Row['fate']) =>
    result.rows
      .filter(row => row.fate === fate)
      .map(({ line, path, to, text }) =>
        [`${line} ${path}`, to, text].filter(part => part !== undefined).join(': '),
      )
  return { ...result, config, of }
}
