import { expect } from 'chai'
import { withDefaults } from '../../src/config/defaults.ts'

const counter = {
  type: 'object',
  properties: { step: { type: 'integer', default: 5 }, name: { type: 'string' } },
}

describe('defaults', () => {
  it('are filled in at any depth: in lists, objects and records', () => {
    const node = {
      properties: {
        list: { items: counter },
        record: { patternProperties: { '^.*$': counter } },
        object: { ...counter, default: {} },
      },
    }
    const data = { list: [{}, { step: 1 }], record: { a: {}, __proto__: null, b: { name: 'x' } } }
    expect(withDefaults(node, data)).deep.equal({
      list: [{ step: 5 }, { step: 1 }],
      record: { a: { step: 5 }, b: { name: 'x', step: 5 } },
      object: { step: 5 },
    })
  })

  it('change nothing that was given, and not the data', () => {
    const data = Object.freeze({ step: null })
    expect(withDefaults(counter, data)).deep.equal({ step: null })
    const own = JSON.parse('{"__proto__": 1}')
    expect(Object.keys(withDefaults(counter, own) as object)).deep.equal(['__proto__', 'step'])
  })

  it('are copies', () => {
    const fallback: unknown[] = []
    const filled = withDefaults({ default: fallback }, undefined)
    expect(filled).deep.equal([])
    expect(filled === fallback).equal(false)
  })

  it('keep the order of the keys', () => {
    const keys = Object.keys(withDefaults(counter, { name: 'x' }) as object)
    expect(keys).deep.equal(['name', 'step'])
  })
})
