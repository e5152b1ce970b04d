import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { STATUSES } from '../../src/gateway/bridge/problem.ts'

const text = readFileSync('docs/gateways.md', 'utf8')
describe('docs/gateways.md', () => {
  it('has the status of every URI that has one of its own', () => {
    const table = /<!-- http: statuses -->\n(.*?)\n\n/s.exec(text)?.[1] ?? ''
    const rows = table.split('\n').flatMap(line => {
      const [, status = '', uris = ''] = line.split('|').map(cell => cell.trim())
      return [...uris.matchAll(/`(wampd?\.[^`]+)`/g)].map(([, uri]) => [uri, Number(status)])
    })
    expect(Object.fromEntries(rows)).deep.equal(STATUSES)
  })
})
