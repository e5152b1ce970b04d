import { expect } from 'chai'
import { type Example, startExample } from './helpers/example.ts'
import { within } from './helpers/raw-client.ts'

describe('the example sensors', function () {
  this.timeout(60_000)
  let plant: Example
  afterEach(() => plant.stop())

  /** How many readings of a dashboard came and were missed, by its last line. */
  function last(name: string): [came: number, missed: number] {
    const line = plant.lines.findLast(line => line.startsWith(`${name}:`)) as string
    const [, came, missed] = /(\d+) came, (\d+) missed/.exec(line) as RegExpExecArray
    return [Number(came), Number(missed)]
  }

  it('ends by itself; what came and what was missed is what was published', async () => {
    plant = startExample('sensors/server.mjs', ['--sensors', '100', '--seconds', '6'])
    expect(await within(50_000, 'end', plant.ended)).deep.equal([0, null])
    const published = Number((await plant.line(/^sensors: (\d+) readings/))[1])
    const [came, missed] = last('all, slowly')
    expect(came + missed).equal(published)
    expect(missed, 'the slow reader was too slow').greaterThan(0)
    // The others miss nothing, though it is slow.
    const [hall, temperatures] = [last('hall 1'), last('temperatures')]
    expect([hall[1], temperatures[1]]).deep.equal([0, 0])
    expect(hall[0]).within(published / 8, published / 2)
    expect(temperatures[0]).within(1, published / 5)
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends on ${signal}`, async () => {
      plant = startExample('sensors/server.mjs', ['--sensors', '5'])
      await plant.line(/^temperatures: +[1-9]/)
      plant.process.kill(signal)
      expect(await within(10_000, 'end', plant.ended)).deep.equal([0, null])
      expect(last('hall 1')[0]).greaterThan(0)
    })
  }
})
