import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'chai'
import { chromium as playwright } from 'playwright-core'
import { parseAllDocuments } from 'yaml'
import { chromium } from '../browser/chromium.ts'
import { pythonFlavours, virtualPython } from '../interop/python.ts'
import { type Block, blocksOf } from './blocks.ts'
import { configOf } from './config-block.ts'
import { PRELUDES } from './preludes.ts'
import { patternOf, Walk } from './walk.ts'

// Every block of the documents is run, or checked, or says why not. test/docs/README.md has the marks.

const PAGES = [
  ...['README.md', 'SECURITY.md', 'docs/api/front.md'],
  ...readdirSync('docs')
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

/** The reasons that `not-run` may give. */
const NOT_RUN: Record<string, string> = {
  drawing: 'it is a drawing',
  build: 'it installs and builds the sources, as was done before the tests',
  measure: 'it measures for minutes',
  page: 'it is a line of a page; test/browser has the whole',
  sample: 'it is a sample of what a program says',
  other: 'it is for a program that the tests do not have',
}

const executable = chromium()
const hasCurl = spawnSync('curl', ['--version']).status === 0
if (process.env.CI && (executable === undefined || !hasCurl)) {
  throw new Error('the documents need curl and Chromium')
}

/** What is missing here for a block to run. */
function missing({ language, marks, text }: Block): string | undefined {
  if (marks.get('not-on') === process.versions.node.split('.')[0]) return 'other Node'
  if (executable === undefined && (language === 'html' || marks.has('page'))) return 'Chromium'
  if (!hasCurl && /\bcurl\b/.test(text)) return 'curl'
  if (pythonFlavours.length === 0 && /python|pip/.test(`${language} ${text}`)) return 'Python'
  return
}

for (const page of PAGES) {
  const blocks = blocksOf(page)
  if (blocks.length === 0) continue

  describe(`blocks of ${page}`, function () {
    this.timeout(90_000)
    let walk: Walk

    before(async function () {
      this.timeout(300_000)
      const python = pythonFlavours.length > 0 ? dirname(await virtualPython()) : ''
      walk = await Walk.begin(page, python)
    })
    after(() => walk.end())

    for (const [i, block] of blocks.entries()) {
      // Compared when the block before it is run.
      if (block.marks.has('output')) continue
      const { line, language, marks } = block
      const name = `line ${line}: ${language} ${[...marks.keys()].join(' ')}`
      const reason = marks.get('not-run')
      const lacking = missing(block)

      if (reason !== undefined) {
        it(`${name}: ${reason}`, () => {
          expect(NOT_RUN, `${page}:${line}: unknown reason`).property(reason)
          console.log(`${page}:${line} does not run: ${NOT_RUN[reason]}`)
        })
      } else if (lacking !== undefined) {
        console.log(`${page}:${line} does not run: there is no ${lacking}`)
      } else {
        it(name, async () => {
          const next = blocks[i + 1]
          const check = CHECKS[language]
          if (check === undefined) expect.fail(`${page}:${line}: unknown language "${language}"`)
          await check(block, walk, next?.marks.has('output') ? next.text : undefined)
        })
      }
    }
  })
}

type Check = (block: Block, walk: Walk, output: string | undefined) => unknown

/** What is done with a block, by its language. */
const CHECKS: Record<string, Check> = {
  sh: (block, walk, output) => run(block, walk, block.text, output),

  /** Commands after `$ `, and what each prints. */
  async console(block, walk) {
    for (const command of block.text.split(/^\$ /m).slice(1)) {
      const [, line = '', output = ''] = /^((?:[^\n]*\\\n)*[^\n]*)\n(.*)$/s.exec(command) ?? []
      await run(block, walk, line, output.trim() === '' ? undefined : output)
    }
  },

  js: script('mjs', file => `node ${file}`),
  ts: script(
    'mts',
    file =>
      `tsc --ignoreConfig --skipLibCheck --target es2023 --module nodenext --types node --strict ${file} && node ${file.replace('.mts', '.mjs')}`,
  ),
  python: script('py', file => `python ${file}`),

  yaml({ text, marks }, walk) {
    const file = marks.get('file')
    if (file !== undefined) walk.write(file, text)
    if (marks.has('other')) {
      for (const { errors } of parseAllDocuments(text)) expect(errors).deep.equal([])
    } else {
      const [place] = [...marks.keys()].filter(mark => mark !== 'file')
      configOf(text, walk.folder, place)
    }
  },

  json: ({ text }) => JSON.parse(text),

  html: ({ text, marks }, walk) => walk.write(marks.get('file') ?? expect.fail('no file='), text),

  /** What a page of the browser shows. */
  text: (block, walk) =>
    shows(walk.here(block.marks.get('page') ?? expect.fail('no page=')), walk.here(block.text)),
}

/** A block that is a file: it is written where it has a name, and run where it has none. */
function script(extension: string, command: (file: string) => string): Check {
  return async (block, walk, output) => {
    const { marks, text, line } = block
    const file = marks.get('file') ?? `line-${line}.${extension}`
    const prelude = marks.get('with')
    const [before, after] = prelude === undefined ? ['', ''] : preludeOf(prelude)
    walk.write(file, `${before}\n${text}\n${after}\n`)
    if (marks.has('file')) return
    try {
      await run(block, walk, command(file), output)
    } finally {
      if (prelude !== undefined) await walk.endLast()
    }
  }
}

function preludeOf(name: string): readonly [string, string] {
  return PRELUDES[name] ?? expect.fail(`no prelude "${name}": ${Object.keys(PRELUDES)}`)
}

async function run({ page, line }: Block, walk: Walk, command: string, output?: string) {
  const fault = await walk.run(command, output)
  if (fault !== undefined) expect.fail(`${page}:${line}: ${command}\n${fault}`)
}

async function shows(url: string, text: string): Promise<void> {
  const browser = await playwright.launch({
    executablePath: executable as string,
    args: ['--no-sandbox'],
  })
  try {
    const page = await browser.newPage()
    const faults: string[] = []
    page.on('pageerror', error => faults.push(error.message))
    await page.goto(url)
    for (const line of text.trim().split('\n')) await page.getByText(patternOf(line)).waitFor()
    expect(faults).deep.equal([])
  } finally {
    await browser.close()
  }
}
