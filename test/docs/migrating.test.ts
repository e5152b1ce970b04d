import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { Wampd } from '../cli/wampd.ts'

const FENCE = '```'

/** The block behind a mark of this name. */
function block(name: string): string {
  const text = readFileSync('docs/migrating.md', 'utf8')
  const found = new RegExp(`<!-- migrate: ${name} -->\\n${FENCE}\\w*\\n(.*?)${FENCE}`, 's').exec(
    text,
  )
  return found?.[1] ?? ''
}

describe('docs/migrating.md', function () {
  this.timeout(30_000)
  const wampd = new Wampd()

  it('shows what the command says and writes', async () => {
    wampd.file('config.json', block('old'))
    const run = wampd.run('migrate', 'crossbar', 'config.json')
    expect(await run.exited).to.equal(1)
    expect(block('report')).to.equal(run.err)
    expect(block('new')).to.equal(readFileSync(`${wampd.folder}/wampd.yaml`, 'utf8'))
    const check = wampd.runWith({ JOE_TICKET: 'x' }, 'check')
    expect(await check.exited, check.out).to.equal(0)
  })
})
