import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml'
import { ConfigError, type Fault, ofWholeFile, type Problem, pathText } from './problem.ts'
import { readTextFile } from './text-file.ts'

/** One file of a configuration: its data, and where each thing of it is written. */
export interface Source {
  /** The path as it was given. */
  readonly file: string
  readonly data: unknown
  /** A fault of the data as a problem with line and column. */
  problem(fault: Fault): Problem
}

/** Largest file in bytes. */
const MAX_SIZE = 10 * 1024 * 1024

/** How often aliases may be followed: enough for people, too little for an alias bomb. */
const MAX_ALIASES = 100

/** Reads a YAML or JSON file. Throws a ConfigError with every fault of its form. */
export function readSource(file: string): Source {
  return parseSource(readText(file), file)
}

/** The same for a text; `file` is the name that problems give. */
export function parseSource(text: string, file: string): Source {
  const lines = new LineCounter()
  const document = parse(text, file, lines)
  return {
    file,
    data: toData(document, file, lines),
    problem(fault) {
      const { line, col } = lines.linePos(offsetOf(fault, document))
      return { file, line, column: col, path: pathText(fault.path), text: fault.text }
    },
  }
}

function readText(file: string): string {
  try {
    return readTextFile(file, MAX_SIZE)
  } catch (error) {
    throw ofWholeFile(file, (error as Error).message, error)
  }
}

function parse(text: string, file: string, lineCounter: LineCounter): Document.Parsed {
  let document: Document.Parsed
  try {
    // JSON is YAML, so one parser serves both. Level `error`: no warnings on the console.
    const options = { lineCounter, prettyErrors: false, logLevel: 'error' } as const
    document = parseDocument(text, options)
  } catch (error) {
    throw ofWholeFile(file, tooMuch(error), error)
  }
  const problems = [...document.errors, ...document.warnings].map(({ pos, message }): Problem => {
    const { line, col } = lineCounter.linePos(pos[0])
    return { file, line, column: col, path: '', text: withoutQuote(message) }
  })
  if (problems.length > 0) throw new ConfigError(problems.sort(byPlace))
  if (document.contents === null) throw ofWholeFile(file, 'is empty')
  return document
}

/** The parser's words without what it quotes: a secret may be no sound YAML, such as `*k3y` or `!k3y`. */
function withoutQuote(message: string): string {
  return (message.split(/(?<! ): | [%\\]| ?!|;/, 1)[0] as string).replaceAll('\n', ' ')
}

function toData(document: Document.Parsed, file: string, lineCounter: LineCounter): unknown {
  visit(document, {
    Alias(_, alias) {
      if (alias.resolve(document) !== undefined) return
      const { line, col } = lineCounter.linePos(start(alias) ?? 0)
      const text = 'is an alias without its anchor; quote a text that begins with *'
      throw new ConfigError([{ file, line, column: col, path: '', text }])
    },
  })
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    throw ofWholeFile(file, tooMuch(error), error)
  }
}

/** Why the parser throws, which it does where it is led in circles, or too deep: it is recursive. */
function tooMuch(error: unknown): string {
  return error instanceof ReferenceError ? 'has too many aliases' : 'is nested too deeply'
}

/** Where in the text a fault is: as far down its path as the text goes. */
function offsetOf(fault: Fault, document: Document.Parsed): number {
  const { path, atKey } = fault
  let node: unknown = document.contents
  let offset = start(node) ?? 0
  for (const [depth, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document)
    let key: unknown
    if (isMap(node)) {
      const pair = node.items.find(item => isScalar(item.key) && String(item.key.value) === step)
      key = pair?.key
      node = pair?.value
    } else node = isSeq(node) ? node.items[step as number] : undefined
    const isWrongKey = atKey === true && depth === path.length - 1
    offset = (isWrongKey ? start(key) : start(node)) ?? start(key) ?? offset
  }
  return offset
}

function start(node: unknown): number | undefined {
  return (node as Node | null | undefined)?.range?.[0]
}

/** The order of problems in one file. */
export function byPlace(a: Problem, b: Problem): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0)
}
