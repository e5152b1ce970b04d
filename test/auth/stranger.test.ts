import { expect } from 'chai'
import { lookOf, saltLike, strangers } from '../../src/auth/stranger.ts'

describe('strangers', () => {
  const traits = [{ role: 'user' }, { role: 'admin' }, { role: 'user' }]
  const names = Array.from({ length: 100 }, (_, i) => `nobody${i}`)

  it('have the traits of some user and a salt, the same each time', () => {
    const [one, other] = [strangers(traits, 'seed'), strangers(traits, 'seed')]
    for (const name of names) expect(one?.(name)).deep.equal(other?.(name))
    const roles = names.map(name => one?.(name).traits.role)
    expect(new Set(roles)).deep.equal(new Set(['user', 'admin']))
    expect(new Set(names.map(name => one?.(name).salt.toString('hex'))).size).equal(100)
  })

  it('stay the same when there are more users of the same kinds, in whatever order', () => {
    const more = [{ role: 'admin' }, ...traits, { role: 'user' }]
    for (const name of names) {
      expect(strangers(more, 'seed')?.(name)).deep.equal(strangers(traits, 'seed')?.(name))
    }
  })

  it('stay the same in a process without a seed, and are others with another', () => {
    for (const name of names) {
      expect(strangers(traits)?.(name)).deep.equal(strangers(traits)?.(name))
      expect(strangers(traits, 'a')?.(name).salt).not.deep.equal(
        strangers(traits, 'b')?.(name).salt,
      )
    }
  })

  it('are not made up where there are no users', () => {
    expect(strangers([], 'seed')).equal(undefined)
  })

  const salts: Record<string, RegExp> = {
    'c2FsdC1vZi1qb2Utb2s=': /^[\w+/]{19}=$/,
    c2FsdHNhbHRzYWx0: /^[\w+/]{16}$/,
    deadbeefcafe: /^[\da-f]{12}$/,
    'any text, nine words': /^[\w-]{20}$/,
    x: /^[\w-]$/,
  }
  for (const [salt, look] of Object.entries(salts)) {
    it(`have a salt that looks like ${salt}`, () => {
      for (const name of names) {
        expect(saltLike(lookOf(salt), strangers(traits, 'x')?.(name).salt as Buffer)).match(look)
      }
    })
  }
})
