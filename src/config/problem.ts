/** Where something is in the data: keys and list indexes from the top. */
export type Path = readonly (string | number)[]

/** A fault of the data. `atKey`: it is the key that is wrong, not its value. */
export interface Fault {
  readonly path: Path
  readonly atKey?: boolean
  readonly text: string
  /** What it is at odds with: its place is put behind the text. */
  readonly other?: Path
  /** Something is there for nothing, and does no harm. */
  readonly isIdle?: boolean
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
    const lines = problems.slice(0, MAX_LINES).map(problemText)
    if (problems.length > MAX_LINES) lines.push(`and ${problems.length - MAX_LINES} more`)
    super(lines.join('\n'), options)
    this.problems = problems
  }
}

/** `file:line:column: path: text`, as far as these are known. */
export function problemText({ file, line, column, path, text }: Problem): string {
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

/** The text of a fault, with the place of what it is at odds with; `problem` finds that place. */
export function textOf({ text, other }: Fault, problem: (fault: Fault) => Problem): string {
  if (other === undefined) return text
  const { file, line, path } = problem({ path: other, text: '' })
  return `${text} ${path}${file === undefined ? '' : ` (${file}:${line})`}`
}

/** At most `most` characters, and none that would break the line or command the terminal. */
export function printable(text: string, most = 60): string {
  const short = text.length > most ? `${text.slice(0, most)}…` : text
  const escaped = (char: string) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(short)
    .slice(1, -1)
    .replace(/[\x7f-\x9f\u2028-\u202e\u2066-\u2069]/g, escaped)
}

/** A function that notes a fault for each key that it gets a second time. */
export function unique(faults: Fault[], what: string): (key: string, path: Path) => void {
  const first = new Map<string, Path>()
  return (key, path) => {
    const other = first.get(key)
    if (other === undefined) first.set(key, path)
    else faults.push({ path, text: `second ${what}; the first is`, other })
  }
}
