import { dirname, resolve } from 'node:path'
import { filled, plain, schemaFaults, withTypes } from './check.ts'
import { expand } from './expand.ts'
import { includedFiles } from './include.ts'
import { isDict } from './node.ts'
import { ConfigError, type Fault, type Path, type Problem, pathText, textOf } from './problem.ts'
import { ruleFaults } from './rules.ts'
import { type Config, type ConfigInput, ROOT } from './schema.ts'
import { byPlace, parseSource, readSource, type Source } from './source.ts'
import { DEFAULT_PORT } from './transport-keys.ts'

export { ConfigError, type Problem } from './problem.ts'

/** A configuration that can be used, and what is known of how it was written. */
export interface Loaded {
  readonly config: Config
  /** The data as people wrote it, variables unexpanded: only this is ever shown. */
  readonly written: unknown
  /** The files that it came from, with full paths; none for an object given in code. */
  readonly files: readonly string[]
  /** A fault at a path of the configuration, as a problem with its file and line. */
  problem(fault: Fault): Problem
}

/**
 * Reads a configuration from a YAML or JSON file and those that it includes, and fills in the
 * defaults. Throws a ConfigError that names every problem, with its line.
 */
export function loadConfig(file: string): Config {
  return readConfig(file).config
}

/** The same, with what is known of how it was written. */
export function readConfig(file: string, env: NodeJS.ProcessEnv = process.env): Loaded {
  return assemble(readSource(file), env)
}

/** The same for a text; `file` is the name that problems give, and what included files are relative to. */
export function parseConfig(text: string, file: string, env = process.env): Loaded {
  return assemble(parseSource(text, file), env)
}

/**
 * Checks a configuration that is given in code and fills in the defaults. The object is not
 * changed, and variables are not expanded. Throws a ConfigError that names every problem.
 * `takesIdle`: things that are there for nothing are no problem.
 */
export function checkConfig(input: unknown, { takesIdle = false } = {}): Loaded {
  const problem = (fault: Fault): Problem => ({
    path: pathText(fault.path),
    text: textOf(fault, problem),
  })
  const refuse = (faults: Fault[]) => {
    if (faults.length > 0) throw new ConfigError(faults.map(problem))
  }
  const copy = plain(input)
  if ('fault' in copy) throw new ConfigError([problem(copy.fault)])
  const { data } = copy
  refuse(schemaFaults(data, data))
  const config = withIds(filled(data, path => path) as Config)
  const others = ruleFaults(config, data)
  if (config.include.length > 0) others.push(INCLUDE_IN_CODE)
  refuse(others.filter(({ isIdle }) => !(takesIdle && isIdle)))
  return { config, written: withIds(data as ConfigInput), files: [], problem }
}

/**
 * What is wrong with data that is to be written to a file of this name, each with its path. It
 * includes no other files.
 */
export function faultsOf(data: unknown, file: string, env: NodeJS.ProcessEnv): Fault[] {
  const checked = expandedAndChecked({ file, data }, env)
  if (checked.faults.length > 0) return checked.faults
  const config = withIds(filled(checked.data, near(file)) as Config)
  return ruleFaults(config, withIds(data as ConfigInput))
}

const INCLUDE_IN_CODE: Fault = {
  path: ['include'],
  text: 'only a file can include others',
  isIdle: true,
}

/** A file whose keys have been checked, and are sound where no problem was noted. */
interface Checked {
  readonly source: Source
  readonly data: ConfigInput
}

function assemble(source: Source, env: NodeJS.ProcessEnv): Loaded {
  const problems: Problem[] = []
  const root = checked(source, env, problems)
  const included = include(root, env, problems)
  if (problems.length > 0) throw new ConfigError(problems.sort(byFile))
  return join(root, included)
}

/** Checks one file by itself, and notes the problems. */
function checked(source: Source, env: NodeJS.ProcessEnv, problems: Problem[]): Checked {
  try {
    const { data, faults } = expandedAndChecked(source, env)
    problems.push(...faults.map(fault => source.problem(fault)))
    return { source, data }
  } catch (error) {
    // All that walks the data is recursive.
    if (!(error instanceof RangeError)) throw error
    problems.push({ file: source.file, path: '', text: 'is nested too deeply' })
    return { source, data: { version: 1 } }
  }
}

function expandedAndChecked(
  { file, data: written }: Omit<Source, 'problem'>,
  env: NodeJS.ProcessEnv,
) {
  const expanded = expand(written, file, env)
  const data = withTypes(expanded.data, written)
  const missing = new Set(expanded.faults.map(({ path }) => pathText(path)))
  // What could not be expanded is empty now, and no further fault of its own.
  const others = schemaFaults(data, written).filter(({ path }) => !missing.has(pathText(path)))
  return { data: data as ConfigInput, faults: [...expanded.faults, ...others] }
}

function include(
  { source, data }: Checked,
  env: NodeJS.ProcessEnv,
  problems: Problem[],
): Checked[] {
  // The other files have their problems told too, as long as it is known which they are.
  if (problems.some(({ path }) => path.startsWith('include')) || !isDict(data)) return []
  const found: Checked[] = []
  const seen = new Set([resolve(source.file)])
  for (const [i, pattern] of (data.include ?? []).entries()) {
    const files = includedFiles(pattern, source.file)
    if (typeof files === 'string') {
      problems.push(source.problem({ path: ['include', i], text: files }))
      continue
    }
    for (const file of files) {
      if (seen.has(resolve(file))) continue
      seen.add(resolve(file))
      const one = included(file, env, problems)
      if (one !== undefined) found.push(one)
    }
  }
  return found
}

const INCLUDABLE = ['version', 'realms']

function included(file: string, env: NodeJS.ProcessEnv, problems: Problem[]): Checked | undefined {
  let source: Source
  try {
    source = readSource(file)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    problems.push(...error.problems)
    return undefined
  }
  const one = checked(source, env, problems)
  const known = Object.keys(ROOT.properties ?? {})
  for (const key of isDict(one.data) ? Object.keys(one.data) : []) {
    if (INCLUDABLE.includes(key) || !known.includes(key)) continue
    const text = 'an included file holds version and realms only'
    problems.push(source.problem({ path: [key], atKey: true, text }))
  }
  return one
}

/** One configuration of a file and those that it includes. */
function join(root: Checked, included: Checked[]): Loaded {
  /** Where each realm is written. */
  const origins = [root, ...included].flatMap(({ source, data }) =>
    (data.realms ?? []).map((_, index) => ({ source, index })),
  )
  const merge = (data: (one: Checked) => ConfigInput): ConfigInput => {
    const realms = [root, ...included].flatMap(one => data(one).realms ?? [])
    return { ...data(root), realms }
  }
  const problem = (fault: Fault): Problem => {
    const text = textOf(fault, problem)
    const [first, realm, ...rest] = fault.path
    const origin = first === 'realms' ? origins[realm as number] : undefined
    if (origin === undefined) return root.source.problem({ ...fault, text })
    const path: Path = ['realms', origin.index, ...rest]
    return origin.source.problem({ ...fault, path, text })
  }
  const data = merge(one => one.data)
  const written = withIds(merge(one => one.source.data as ConfigInput))
  const config = withIds(filled(data, near(root.source.file)) as Config)
  const faults = ruleFaults(config, written)
  if (faults.length > 0) throw new ConfigError(faults.map(problem).sort(byFile))
  const files = [root, ...included].map(({ source }) => resolve(source.file))
  return { config, written, files, problem }
}

/** How the paths that a file names are found: from where the file is. */
function near(file: string): (path: string) => string {
  return path => resolve(dirname(file), path)
}

/** Transports without an id are called after their port; as written, after how that is written. */
function withIds<Any extends Pick<ConfigInput, 'transports'>>(config: Any): Any {
  const { transports } = config
  if (transports === undefined) return config
  const named = transports.map(one => ({
    ...one,
    id: one.id ?? `${one.type}-${one.endpoint?.path ?? one.endpoint?.port ?? DEFAULT_PORT}`,
  }))
  return { ...config, transports: named }
}

function byFile(a: Problem, b: Problem): number {
  if (a.file !== b.file) return String(a.file) < String(b.file) ? -1 : 1
  return byPlace(a, b)
}
