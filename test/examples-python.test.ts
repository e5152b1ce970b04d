import { expect } from 'chai'
import { type Example, startExample } from './helpers/example.ts'
import { within } from './helpers/raw-client.ts'
import { whyNoPython } from './interop/python.ts'

// In CI it is no reason, and the example fails.
const missing = process.env.CI ? undefined : whyNoPython()
if (missing) console.log(`the example in Python is not tried: ${missing}`)
else {
  describe('the example python-service', function () {
    // The first start installs the libraries.
    this.timeout(180_000)
    let example: Example
    afterEach(() => example.stop())

    it('calls Python from JavaScript: results, errors, and progress', async () => {
      example = startExample('python-service/server.mjs')
      const ended = await within(170_000, 'end', example.ended)
      const lines = example.lines.filter(line => !/^(the router|making|Python: session)/.test(line))
      expect(lines).deep.equal([
        'describe: { mean: 2.8, median: 3, deviation: 1.7888543819998317 }',
        'refused: com.example.too_few: there must be two numbers at least',
        ...[2, 3, 5, 7, 11, 13, 17, 19, 23, 29].map(prime => `prime: ${prime}`),
        'primes: 10',
      ])
      expect(ended).deep.equal([0, null])
    })
  })
}
