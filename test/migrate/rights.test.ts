import { expect } from 'chai'
import fc from 'fast-check'
import { Rules } from '../../src/realm/authorize.ts'
import { migrated, type Outcome } from './migrating.ts'

interface Rule {
  readonly uri: string
  readonly match: 'exact' | 'prefix'
  readonly call: boolean
}

const URIS = ['a', 'a.b', 'a.bc', 'a.b.c', 'b', 'a.b.c.d']
const rule = fc.record({
  uri: fc.constantFrom('', 'a', 'a.', 'a.b', 'a.b.', 'a.b.c', 'b'),
  match: fc.constantFrom('exact', 'prefix'),
  call: fc.boolean(),
})
const rules = fc.array(rule, { maxLength: 6 }) as fc.Arbitrary<Rule[]>

/** What the first role of what was migrated may call. */
function callable({ config }: Outcome): string[] {
  const [role] = config.realms[0]?.roles ?? []
  const decided = new Rules(role?.permissions ?? [], 'loose')
  return URIS.filter(uri => decided.deciding(uri)?.allow.call === true)
}

const meets = ({ uri, match }: Rule, one: string) =>
  match === 'exact' ? one === uri : one.startsWith(uri)

describe('migrate: what a role may', function () {
  this.timeout(60_000)

  it('is what nxt allowed: the sum of all rules that meet a URI', () => {
    const property = fc.property(rules, list => {
      const permissions = list.map(({ call, ...pattern }) => ({ ...pattern, allow_call: call }))
      const realms = [{ name: 'realm1', roles: [{ name: 'user', permissions }] }]
      const allowed = URIS.filter(uri => list.some(one => one.call && meets(one, uri)))
      expect(callable(migrated('nxt', JSON.stringify({ realms })))).to.deep.equal(allowed)
    })
    fc.assert(property, { numRuns: 150 })
  })

  it('is what Crossbar allowed, but where an exact rule stood in the way of a wider one', () => {
    const property = fc.property(rules, list => {
      const permissions = list.map(({ call, ...pattern }) => ({ ...pattern, allow: { call } }))
      const realms = [{ name: 'realm1', roles: [{ name: 'user', permissions }] }]
      const node = { version: 2, workers: [{ type: 'router', realms }] }
      const outcome = migrated('crossbar', JSON.stringify(node))
      // Of rules for one URI the last counts, and of all that a URI begins with the longest.
      const kept = new Map(list.map(one => [one.uri, one]))
      const longest = (uri: string) =>
        [...kept.values()]
          .filter(one => uri.startsWith(one.uri))
          .sort((a, b) => b.uri.length - a.uri.length)[0]
      const now = callable(outcome)
      for (const uri of URIS) {
        const decides = longest(uri)
        if (decides === undefined || meets(decides, uri)) {
          expect(now.includes(uri), uri).to.equal(decides?.call ?? false)
        } else if (now.includes(uri)) {
          // The difference is told.
          const told = outcome.of('changed').join('\n')
          expect(told).to.contain('longer URIs that begin so were denied')
        }
      }
    })
    fc.assert(property, { numRuns: 150 })
  })
})
