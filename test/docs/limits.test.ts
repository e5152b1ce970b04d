import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { parse } from 'yaml'
import { COUNTED } from '../../src/base/counters.ts'
import { checkConfig } from '../../src/config/load.ts'
import type { SchemaNode } from '../../src/config/node.ts'
import { ROOT } from '../../src/config/schema.ts'
import * as errors from '../../src/protocol/errors.ts'

const text = readFileSync('docs/limits.md', 'utf8')
const table = /<!-- limits: [^\n]*\n(.*)<!-- end of limits -->/s.exec(text)?.[1] ?? ''

/** The rows of the table, by the key in their first cell. */
const rows = new Map(
  table
    .split('\n')
    .filter(line => line.startsWith('| `'))
    .map(line => line.slice(2, -2).split(' | '))
    .map(([key = '', ...cells]) => [key.replaceAll('`', ''), cells]),
)

/** Every key of the schema, by its path as the documents write it. */
function keysOf(node: SchemaNode, path = ''): [string, SchemaNode][] {
  const items = node.items === undefined ? [] : keysOf(node.items, `${path}[]`)
  const below = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    keysOf(child, path === '' ? key : `${path}.${key}`),
  )
  return [[path, node], ...items, ...below]
}
const keys = new Map(keysOf(ROOT))

/** Where limits are. */
const PLACES = /^(transports\[\]\.options|realms\[\]\.(limits|rpc|retained_events|testaments))\./

/** Times and the like, which nothing is refused for. */
const NO_LIMITS = [
  'transports[].options.auto_ping_interval',
  'transports[].options.compression_threshold',
  'transports[].options.failure_backoff',
  'realms[].rpc.call_timeout',
  'realms[].retained_events.max_age',
]

describe('docs/limits.md', () => {
  it('has a row for each limit of the schema, and no other', () => {
    for (const key of rows.keys()) expect(keys.has(key), key).equal(true)
    const limits = [...keys].filter(
      ([, { unit, type }]) => unit !== undefined || type === 'integer',
    )
    const wanted = limits.map(([key]) => key).filter(key => PLACES.test(key))
    expect(wanted.length).greaterThan(20)
    for (const key of wanted) {
      expect(rows.has(key), `${key} is not in the table`).equal(!NO_LIMITS.includes(key))
    }
  })

  for (const [key, [fallback, beyond = '', counters = '', reload]] of rows) {
    it(`says what is so of ${key}`, () => {
      const node = keys.get(key) as SchemaNode
      expect(fallback).equal(node.default === undefined ? '–' : `\`${node.default}\``)
      expect(reload).equal(node.reload)
      const known: unknown[] = Object.values(errors)
      for (const [, uri] of beyond.matchAll(/`([^`]+)`/g)) expect(known).include(uri)
      for (const [, counter] of counters.matchAll(/`([^`]+)`/g)) {
        expect(Object.keys(COUNTED)).include(counter)
      }
    })
  }

  it('has an example whose limits are those that it shows', () => {
    const [, yaml = ''] = /```yaml part\n(.*?)```/s.exec(text) ?? []
    const { config } = checkConfig({ version: 1, ...parse(yaml) })
    expect(config.realms[0]?.roles[0]?.limits).include({ message_rate: 50, byte_rate: 256 << 10 })
  })

  it('names what a role may say: all that holds for each session', () => {
    const ofRole = Object.keys(keys.get('realms[].roles[].limits')?.properties ?? {})
    const ofRealm = Object.keys(keys.get('realms[].limits')?.properties ?? {})
    expect(ofRole.filter(key => !ofRealm.includes(key))).deep.equal([])
    const only = ofRealm.filter(key => !ofRole.includes(key))
    expect(only).deep.equal(['subscriptions', 'registrations', 'uri_length', 'wildcard_components'])
  })
})
