import { Alias, type Document, isScalar, LineCounter, type Node, parseDocument, visit } from 'yaml'
import { ConfigError, ofWholeFile, type Problem } from '../config/problem.ts'
import { Given, isMerge, MAX_DEPTH, type Reading, resolved, TooMuch } from './given.ts'
import { isJson, withoutComments } from './json-text.ts'
import type { Report } from './report.ts'

/** How often all that is given may be looked at, aliases followed: enough for people. */
const MAX_NODES = 200_000

export interface SourceOptions {
  readonly report: Report
  /** The YAML that the old router reads: in 1.1, `yes` is true. JSON is the same in both. */
  readonly yaml?: '1.1' | '1.2'
  readonly ignoresCase?: boolean
}

/** What a configuration of another router gives, from the top. Throws a ConfigError. */
export function given(text: string, file: string, options: SourceOptions): Given {
  const { report, yaml = '1.2', ignoresCase = false } = options
  const lines = new LineCounter()
  const document = parsed(text, file, { lines, yaml })
  const lineOf = (node: unknown) => {
    const start = (node as Node | null | undefined)?.range?.[0]
    return start === undefined ? undefined : lines.linePos(start).line
  }
  const aliases = aliasesOf(document)
  const resolve = (node: unknown) => resolved(node, alias => aliases.get(alias))
  const known = new Set<string>()
  const reading: Reading = { report, resolve, lineOf, ignoresCase, known, settled: new Set() }
  checkSize(document.contents, resolve, file)
  noteDuplicates(document, { report, lineOf, ignoresCase })
  const top = new Given(document.contents, [], lineOf(document.contents) ?? 1, reading)
  if (!top.isDict) throw ofWholeFile(file, 'is no configuration: expected keys with values')
  return top
}

function parsed(
  text: string,
  file: string,
  { lines, yaml }: { lines: LineCounter; yaml: '1.1' | '1.2' },
): Document.Parsed {
  const content = isJson(text) ? withoutComments(text) : text
  let document: Document.Parsed
  try {
    document = parseDocument(content, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      uniqueKeys: false,
      version: isJson(text) ? '1.2' : yaml,
    })
  } catch (error) {
    throw ofWholeFile(file, 'is nested too deeply', error)
  }
  // The parser is recursive, and takes its own end for a fault of the text.
  if (document.errors.some(({ message }) => message.startsWith('Maximum call stack'))) {
    throw ofWholeFile(file, 'is nested too deeply')
  }
  const problems = document.errors.map(({ pos, message }): Problem => {
    const { line, col } = lines.linePos(pos[0])
    return { file, line, column: col, path: '', text: withoutQuote(message) }
  })
  if (problems.length > 0) throw new ConfigError(problems)
  if (document.contents === null) throw ofWholeFile(file, 'is empty')
  return document
}

/** The parser's words without what it quotes, which may be a secret. */
function withoutQuote(message: string): string {
  return (message.split(/(?<! ): | [%\\]| ?!|;/, 1)[0] as string).replaceAll('\n', ' ')
}

/** Found in one walk, where `Alias.resolve` walks the document each time. */
function aliasesOf(document: Document.Parsed): Map<unknown, unknown> {
  const anchors = new Map<string, unknown>()
  const aliases = new Map<unknown, unknown>()
  visit(document, (_, node) => {
    if (node instanceof Alias) aliases.set(node, anchors.get(node.source))
    const { anchor } = (node ?? {}) as { anchor?: string }
    if (anchor !== undefined) anchors.set(anchor, node)
  })
  return aliases
}

/** What is a page of text can be a book once aliases are followed, or have no end. */
function checkSize(contents: unknown, resolve: (node: unknown) => unknown, file: string): void {
  let nodes = 0
  const walk = (node: unknown, depth: number) => {
    if (depth > MAX_DEPTH) throw new TooMuch('is nested too deeply')
    if (++nodes > MAX_NODES) throw new TooMuch('is too large')
    const value = resolve(node) as { items?: unknown[]; key?: unknown; value?: unknown } | null
    for (const item of value?.items ?? []) walk(item, depth + 1)
    if (value?.items === undefined && value?.key !== undefined) walk(value.value, depth)
  }
  try {
    walk(contents, 0)
  } catch (error) {
    if (error instanceof TooMuch) throw ofWholeFile(file, error.message, error)
    throw error
  }
}

interface Noting extends Pick<Reading, 'lineOf' | 'ignoresCase'> {
  readonly report: Report
}

/** Each key that stands twice gets a row: which one counts is not to be guessed. */
function noteDuplicates(document: Document.Parsed, { report, lineOf, ignoresCase }: Noting): void {
  visit(document, {
    Map(_, map) {
      const seen = new Map<string, unknown>()
      for (const { key } of map.items) {
        if (!isScalar(key) || isMerge(key)) continue
        const name = ignoresCase ? String(key.value).toLowerCase() : String(key.value)
        const first = seen.get(name)
        const line = lineOf(first)
        if (line !== undefined) {
          const text = `stands twice; the last one counts (line ${lineOf(key) ?? line})`
          report.changed({ line, path: [String(key.value)] }, text)
        }
        seen.set(name, key)
      }
    },
  })
}
