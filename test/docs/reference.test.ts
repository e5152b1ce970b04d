import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import * as errors from '../../src/protocol/errors.ts'
import { URIS } from '../../src/protocol/uris.ts'
import { CLOSE_CODES } from '../../src/transport/close-codes.ts'

/** The sources without their comments, by their paths. */
const sources = new Map(
  readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.ts') && path !== join('transport', 'close-codes.ts'))
    .map(path => [path, withoutComments(readFileSync(join('src', path), 'utf8'))]),
)

function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/ .*$/gm, '')
}

/** What a pattern finds in the sources, with the file of each. */
function found(pattern: RegExp): [found: string, path: string][] {
  return [...sources].flatMap(([path, source]) =>
    [...source.matchAll(pattern)].map(([, what = '']): [string, string] => [what, path]),
  )
}

/** Folders of the tools that speak to any router. */
const TOOLS = /^(bench|cli|conformance|migrate|remote)\//

describe('docs/reference-errors.md', () => {
  it('has every URI that is sent: each is a constant of errors.ts, and in the table', () => {
    const constants = Object.values(errors).filter(value => typeof value === 'string')
    expect(constants.length).greaterThan(30)
    expect(Object.keys(URIS).sort()).deep.equal([...constants].sort())
    const written = found(/['"](wampd?\.(?:error|close|registration)\.[a-z_.]+[a-z])['"]/g)
    expect(written.length).greaterThan(30)
    for (const [uri, path] of written) {
      // What the tools of the command line say to other routers is theirs; procedures of the meta API are none.
      const isOther = TOOLS.test(path) || uri.startsWith('wamp.registration.')
      if (!isOther) expect(path, uri).equal(join('protocol', 'errors.ts'))
    }
  })

  it('has every close code that is sent, and no other', () => {
    // 1000 is a usual number, and always there. Those with a dot or an underscore are none.
    const written = found(/(?<![\w.])(10(?:0[1-9]|1[0-5]))(?![\w.])/g)
    for (const [code, path] of written) expect(CLOSE_CODES, path).property(code)
    const sent = new Set(['1000', ...written.map(([code]) => code)])
    expect(Object.keys(CLOSE_CODES).filter(code => !sent.has(code))).deep.equal([])
  })

  it('says something of each', () => {
    for (const note of [...Object.values(URIS), ...Object.values(CLOSE_CODES)]) {
      for (const text of Object.values(note)) expect(text).match(/^\S.{3,}\S$/)
    }
  })
})
