import { readFileSync } from 'node:fs'
import { expect } from 'chai'

const exported = [
  ...readFileSync('src/index.ts', 'utf8').matchAll(/^export (?:type )?\{(.*?)\}/gms),
].flatMap(([, names = '']) => names.split(',').map(name => name.replace('type ', '').trim()))

describe('docs/api/front.md', () => {
  it('leads to all that the package exports, and to nothing else', () => {
    const linked = readFileSync('docs/api/front.md', 'utf8').matchAll(/\{@link (\w+)\}/g)
    const names = new Set([...linked].map(([, name = '']) => name))
    expect([...names].sort()).deep.equal(exported.filter(name => name !== '').sort())
  })
})
