import { expect } from 'chai'
import { type Example, startExample } from './helpers/example.ts'
import { within } from './helpers/raw-client.ts'

describe('the example microservices', function () {
  this.timeout(60_000)
  let demo: Example
  afterEach(() => demo.stop())

  it('answers all calls, though a worker is killed and another one goes', async () => {
    demo = startExample('microservices/demo.mjs')
    expect(await within(50_000, 'end', demo.ended)).deep.equal([0, null])
    const text = demo.lines.join('\n')

    const found = [
      ...text.matchAll(/^(\d+) calls, (\d+) wrong, .*: (\d+), .*: (\d+), .*: (\d+)$/gm),
    ]
    const runs = found.map(match => match.slice(1).map(Number))
    expect(runs.map(([calls, wrong]) => [calls, wrong])).deep.equal([
      [12, 0],
      [6, 0],
      [4, 0],
      [2, 0],
    ])
    const shares = runs.map(run => run.slice(2))
    // Two at a time: all of them are needed.
    for (const share of shares[0] as number[]) expect(share).within(2, 6)
    // The killed one's calls went to others, and so did all later ones.
    expect(text).match(/is gone; another one gets it/)
    expect(shares.slice(1).map(([, killed]) => killed)).deep.equal([0, 0, 0])
    // The one that went in order answered its calls first: none of them was called again.
    expect(text.slice(text.indexOf('Four calls'))).not.match(/is gone/)
    expect(shares[2]?.[2]).within(1, 2)
    expect(shares[3]).deep.equal([2, 0, 0])

    for (const page of [1, 2, 3]) expect(text).match(new RegExp(`"page":${page}`))
    expect(text).contain('400 com.example.no_number: that is no number')
    expect(text).contain('worker 3: all is answered')
  })
})
