import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { expect } from 'chai'

/** Folders that hold what others wrote, or what was made. */
const SKIPPED = /(^|\/)(node_modules|dist|build|coverage|\..*|out)(\/|$)/

const pages = [
  ...['.', 'docs', 'realms', 'examples', 'scripts', 'test'].flatMap(folder =>
    readdirSync(folder, { recursive: folder !== '.', encoding: 'utf8' }).map(path =>
      join(folder, path),
    ),
  ),
].filter(path => path.endsWith('.md') && !SKIPPED.test(path))

/** A document without its code, where nothing is a link or a heading. */
function prose(page: string): string {
  return readFileSync(page, 'utf8').replace(/^( *)(`{3,}).*?^\1\2$/gms, '')
}

/** The anchors of a document's headings, as GitHub makes them. */
function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of prose(page).matchAll(/^#+ (.*)$/gm)) {
    const plain = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = plain.replace(/[^\p{L}\p{N}\-_ ]/gu, '').replaceAll(' ', '-')
    let n = 0
    while (anchors.has(n === 0 ? anchor : `${anchor}-${n}`)) n++
    anchors.add(n === 0 ? anchor : `${anchor}-${n}`)
  }
  return anchors
}

describe('links of the documents', () => {
  it('are in many pages', () => expect(pages.length).greaterThan(15))

  it('lead from docs/README.md to each page of docs', () => {
    const index = readFileSync('docs/README.md', 'utf8')
    for (const name of readdirSync('docs').filter(name => name.endsWith('.md'))) {
      if (name !== 'README.md') expect(index).include(`](${name})`)
    }
  })

  for (const page of pages) {
    it(`lead somewhere: ${page}`, () => {
      const text = prose(page).replace(/`[^`]*`/g, '')
      for (const [, link = ''] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link)) continue
        const [path = '', anchor] = link.split('#')
        const target = path === '' ? page : relative('.', resolve(dirname(page), path))
        expect(existsSync(target), `${page}: ${link}`).equal(true)
        if (anchor !== undefined) expect([...anchorsOf(target)], `${page}: ${link}`).include(anchor)
      }
    })
  }
})
