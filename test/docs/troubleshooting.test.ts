import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'

const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(path => path.endsWith('.ts'))
  .map(path => readFileSync(join('src', path), 'utf8'))
  .join('\n')

/** What stands in a message for something else each time: names, numbers, texts in quotes. */
const VARIABLE = /…|[\d.:/]{2,}|\d+|"[^"]*"|[A-Z_]{6,}/

const seen = readFileSync('docs/troubleshooting.md', 'utf8')
  .split('\n')
  .filter(line => line.startsWith('| '))
  .flatMap(line => [...(line.split(' | ')[0] ?? '').matchAll(/`([^`]+)`/g)])
  .map(([, text = '']) => text)

describe('docs/troubleshooting.md', () => {
  it('begins with what one sees', () => expect(seen.length).greaterThan(40))

  for (const text of new Set(seen)) {
    it(`has what the router says: ${text}`, () => {
      const parts = text.split(VARIABLE).map(part => part.replace(/^[ ,:]+|[ ,:]+$/g, ''))
      for (const part of parts.filter(({ length }) => length > 3)) {
        expect(sources.includes(part), part).equal(true)
      }
    })
  }
})
