import { readFileSync, statSync } from 'node:fs'
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
} from 'yaml'
import { ConfigError, type Fault, ofWholeFile, type Problem, pathText } from './problem.ts'

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
    data: toData(document, file),
    problem(fault) {
      const { line, col } = lines.linePos(offsetOf(fault, document))
      return { file, line, column: col, path: pathText(fault.path), text: fault.text }
    },
  }
}

function readText(file: string): string {
  let bytes: Buffer
  try {
    const status = statSync(file)
    if (!status.isFile()) throw ofWholeFile(file, 'is not a file')
    if (status.size > MAX_SIZE) {
      throw ofWholeFile(file, `is larger than ${MAX_SIZE / 1024 / 1024} MB`)
    }
    bytes = readFileSync(file)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw ofWholeFile(file, whyUnread(error as NodeJS.ErrnoException), error)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw ofWholeFile(file, 'is not UTF-8 text', error)
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  EACCES: 'no permission to read this file',
  EISDIR: 'is a folder',
}

/** Why a file cannot be read, in words. */
export function whyUnread(error: NodeJS.ErrnoException): string {
  return REASONS[error.code ?? ''] ?? `cannot be read: ${error.message}`
}

function parse(text: string, file: string, lineCounter: LineCounter): Document.Parsed {
  let document: Document.Parsed
  try {
    // JSON is YAML, so one parser serves both. Level `error`: no warnings on the console.
    const options = { lineCounter, prettyErrors: false, logLevel: 'error' } as const
    document = parseDocument(text, options)
  } catch (error) {
    // The parser is recursive.
    throw ofWholeFile(file, 'is nested too deeply', error)
  }
  const problems = [...document.errors, ...document.warnings].map(({ pos, message }): Problem => {
    const { line, col } = lineCounter.linePos(pos[0])
    return { file, line, column: col, path: '', text: message.replaceAll('\n', ' ') }
  })
  if (problems.length > 0) throw new ConfigError(problems.sort(byPlace))
  if (document.contents === null) throw ofWholeFile(file, 'is empty')
  return document
}

function toData(document: Document.Parsed, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES })
  } catch (error) {
    // An alias without its anchor, too many aliases, or too deep a nesting.
    const text = error instanceof ReferenceError ? error.message : 'is nested too deeply'
    throw ofWholeFile(file, text, error)
  }
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
