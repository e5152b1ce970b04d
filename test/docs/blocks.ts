import { readFileSync } from 'node:fs'

/** A fenced block of a document. */
export interface Block {
  readonly page: string
  /** The line of its fence, from 1. */
  readonly line: number
  /** The first word of the info string: `js`, `yaml`, …; empty where there is none. */
  readonly language: string
  /** The other words: `output` is a word without a value, `file=a.mjs` one with it. */
  readonly marks: ReadonlyMap<string, string>
  readonly text: string
}

const FENCE = /^( *)(`{3,})([^`]*)$/

/** The fenced blocks of a document, in their order. */
export function blocksOf(page: string): Block[] {
  const blocks: Block[] = []
  let open: { line: number; indent: string; fence: string; info: string } | undefined
  let text: string[] = []
  for (const [i, line] of readFileSync(page, 'utf8').split('\n').entries()) {
    const [, indent = '', fence = '', info = ''] = FENCE.exec(line) ?? []
    if (open === undefined) {
      if (fence !== '') open = { line: i + 1, indent, fence, info }
      text = []
    } else if (fence === open.fence && info === '') {
      const [language = '', ...words] = open.info.trim().split(/\s+/)
      const marks = new Map(words.map(word => word.split(/=(.*)/s) as [string, string]))
      blocks.push({ page, line: open.line, language, marks, text: `${text.join('\n')}\n` })
      open = undefined
    } else text.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line)
  }
  if (open !== undefined) throw new Error(`${page}:${open.line}: the block does not end`)
  return blocks
}
