import { expect } from 'chai'
import fc from 'fast-check'
import { traceContext, traceContextOf } from '../../src/protocol/trace-context.ts'

const PARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
const ZEROS = '0'.repeat(32)

describe('trace context', () => {
  it('is taken where it is sound', () => {
    expect(traceContextOf({ _traceparent: PARENT })).deep.equal({ _traceparent: PARENT })
    for (const state of ['a=1', 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7', 'a@b=x, c=y', 'a=']) {
      expect(traceContext(PARENT, state)).deep.equal({ _traceparent: PARENT, _tracestate: state })
    }
  })

  it('is nothing where the parent is unsound', () => {
    const unsound = [
      ...['', 'x', PARENT.toUpperCase(), `${PARENT} `, `${PARENT}-00`, `ff${PARENT.slice(2)}`],
      ...[PARENT.slice(1), `00-${ZEROS}-00f067aa0ba902b7-01`],
      ...[`00-4bf92f3577b34da6a3ce929d0e0e4736-${ZEROS.slice(16)}-01`, `${PARENT}\n`],
      ...[1, null, undefined, {}, [PARENT], true],
    ]
    for (const parent of unsound) expect(traceContext(parent, 'a=1'), String(parent)).equal(null)
    expect(traceContextOf({ _tracestate: 'a=1' })).equal(null)
  })

  it('goes without a state that is unsound', () => {
    const many = Array.from({ length: 33 }, (_, i) => `k${i}=v`).join(',')
    for (const state of ['', 'a', 'A=1', 'a=1,', 'a=ü', 'a=\n', `a=${'x'.repeat(600)}`, many, 5]) {
      expect(traceContext(PARENT, state), String(state)).deep.equal({ _traceparent: PARENT })
    }
  })

  it('never carries what is no text of its form, and takes no time for it', () => {
    const texts = fc.oneof(
      fc.string({ maxLength: 600 }),
      fc.stringMatching(/^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/),
      fc
        .array(fc.constantFrom('a', '=', ',', ' ', '@', '\t'), { maxLength: 600 })
        .map(x => x.join('')),
    )
    fc.assert(
      fc.property(fc.oneof(texts, fc.anything()), texts, (parent, state) => {
        const found = traceContext(parent, state)
        if (found === null) return
        expect(found._traceparent)
          .equal(parent)
          .match(/^[0-9a-f-]{55}$/)
        if (found._tracestate !== undefined)
          expect(found._tracestate).match(/^[\x20-\x7e\t]{1,512}$/)
      }),
      { numRuns: 300 },
    )
  })
})
