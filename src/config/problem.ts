/** Where something is in the data: keys and list indexes from the top. */
export type Path = readonly (string | number)[]

/** A fault of the data. `atKey`: it is the key that is wrong, not its value. */
export interface Fault {
  readonly path: Path
  readonly atKey?: boolean
  readonly text: string
}

/** One thing that is wrong with a configuration. */
export interface Problem {
  /** The file's path as it was given; undefined for an object given in code, as are the next two. */
  readonly file?: string | undefined
  /** Line and column count from 1; undefined where the whole file is meant. */
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** The place in the data, such as `realms[0].roles`. Empty for the whole. */
  readonly path: string
  readonly text: string
}

/** More lines than this help nobody. `problems` has them all. */
const MAX_LINES = 50

/** A configuration that cannot be used. The message has one line for each problem. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    const lines = problems.slice(0, MAX_LINES).map(line)
    if (problems.length > MAX_LINES) lines.push(`and ${problems.length - MAX_LINES} more`)
    super(lines.join('\n'), options)
    this.problems = problems
  }
}

function line({ file, line, column, path, text }: Problem): string {
  const place = [file, line, column].filter(part => part !== undefined).join(':')
  return [place, path, text].filter(part => part !== '').join(': ')
}

/** A problem of a file as a whole. */
export function ofWholeFile(file: string, text: string, cause?: unknown): ConfigError {
  return new ConfigError([{ file, path: '', text }], { cause })
}

/** The path as people write it: `realms[0].roles`. */
export function pathText(path: Path): string {
  return path
    .map(key => (typeof key === 'number' ? `[${key}]` : `.${printable(key)}`))
    .join('')
    .replace(/^\./, '')
}

/** Short, and without control characters that would break the line. */
export function printable(text: string): string {
  const short = text.length > 60 ? `${text.slice(0, 60)}…` : text
  return JSON.stringify(short).slice(1, -1)
}
