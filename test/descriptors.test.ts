import { expect } from 'chai'
import { Counters } from '../src/base/counters.ts'
import { watchDescriptors } from '../src/descriptors.ts'
import { errorLog } from './helpers/error-log.ts'
import { FakeClock } from './helpers/fake-clock.ts'

describe('the watch of file descriptors', () => {
  it('says once that they are gone, and once that they are back', () => {
    const clock = new FakeClock()
    const counters = new Counters()
    const lines: string[] = []
    const note = (_: object, text: string) => lines.push(text)
    const log = { ...errorLog(), error: note, info: note }
    let code: string | undefined
    const timer = watchDescriptors(clock, log, counters, () => {
      if (code !== undefined) throw Object.assign(new Error(code), { code })
    })
    for (const state of [undefined, 'EMFILE', 'ENFILE', undefined, 'EACCES', undefined]) {
      code = state
      clock.pass(1000)
    }
    expect(lines).deep.equal([
      'no file descriptors are left: new clients wait until others leave (ulimit -n)',
      'there are file descriptors again',
    ])
    expect(counters.all().out_of_files).equal(1)
    timer.cancel()
  })
})
