import { existsSync } from 'node:fs'
import { Failure } from './exit.ts'

/** Where a configuration is looked for in the working directory. */
const USUAL = ['wampd.yaml', 'wampd.yml', 'wampd.json']

/** The configuration that is named or, where none is, the usual one. */
export function configFile(named: string | undefined): string {
  const file = named ?? USUAL.find(name => existsSync(name))
  if (file !== undefined) return file
  const text = `there is no ${USUAL.join(', ')} here: name a file, or write one with wampd init`
  throw new Failure(text, 2)
}
