import { expect } from 'chai'
import { Counters } from '../src/base/counters.ts'
import { watchDescriptors } from '../src/descriptors.ts'
import { errorLog } from './helpers/error-log.ts'
import { FakeClock } from './helpers/fake-clock.ts'

describe('the watch of file descriptors', () => {
  it('takes no clients in while they are gone, and says so once', () => {
    const clock = new FakeClock()
    const counters = new Counters()
    const said: string[] = []
    const note = (_: object, text: string) => said.push(text)
    const log = { ...errorLog(), error: note, info: note }
    let isPaused = false
    const entry = {
      pause() {
        isPaused = true
        said.push('pause')
      },
      resume() {
        if (isPaused) said.push('resume')
        isPaused = false
      },
    }
    let free = 100
    const timer = watchDescriptors({ clock, log, counters }, entry, count => {
      if (count > free) throw Object.assign(new Error('EMFILE'), { code: 'EMFILE' })
    })
    // A few are not enough: the clients that wait would take them all at once.
    for (free of [100, 0, 0, 5, 50, 5]) clock.pass(1000)
    timer.cancel()
    expect(said).deep.equal([
      'no file descriptors are left: no new clients until some leave (ulimit -n)',
      'pause',
      'resume',
      'there are file descriptors again',
    ])
    expect(counters.all().out_of_files).equal(1)
  })

  it('takes other failures for none of its business', () => {
    const clock = new FakeClock()
    const counters = new Counters()
    const entry = { pause: () => expect.fail('paused'), resume() {} }
    const timer = watchDescriptors({ clock, log: errorLog(), counters }, entry, () => {
      throw Object.assign(new Error('EACCES'), { code: 'EACCES' })
    })
    clock.pass(3000)
    timer.cancel()
    expect(counters.all().out_of_files).equal(0)
  })
})
