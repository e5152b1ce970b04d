import { expect } from 'chai'
import fc from 'fast-check'
import { Headcount } from '../../src/realm/headcount.ts'

const who = fc.record({
  authid: fc.constantFrom('ann', 'joe', '__proto__'),
  authrole: fc.constantFrom('user', 'guest'),
})

describe('a headcount', () => {
  it('knows of all who came and have not gone', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(who, fc.boolean())), steps => {
        const headcount = new Headcount()
        const here: { authid: string; authrole: string }[] = []
        for (const [one, goes] of steps) {
          const first = goes ? here.shift() : undefined
          if (first !== undefined) headcount.remove(first)
          else {
            here.push(one)
            headcount.add(one)
          }
          expect(headcount.size).equal(here.length)
          for (const { authid, authrole } of [one, ...here]) {
            expect(headcount.ofAuthid(authid)).equal(
              here.filter(other => other.authid === authid).length,
            )
            expect(headcount.ofRole(authrole)).equal(
              here.filter(other => other.authrole === authrole).length,
            )
          }
        }
      }),
    )
  })
})
