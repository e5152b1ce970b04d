import { expect } from 'chai'
import { nearest } from '../../src/config/nearest.ts'

describe('nearest', () => {
  const known = ['permissions', 'options', 'name', 'uri']

  it('finds the word that was probably meant', () => {
    expect(nearest('permisions', known)).equal('permissions')
    expect(nearest('optoins', known)).equal('options')
    expect(nearest('NAME', known)).equal('name')
    expect(nearest('jeo', ['ann', 'Joe'])).equal('Joe')
  })

  it('finds none where all are far', () => {
    expect(nearest('workers', known)).equal(undefined)
    expect(nearest('x', known)).equal(undefined)
    expect(nearest('', known)).equal(undefined)
    expect(nearest('name', [])).equal(undefined)
  })

  it('does not take long for long words', () => {
    expect(nearest('x'.repeat(1e6), known)).equal(undefined)
  })
})
