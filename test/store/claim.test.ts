import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { claim } from '../../src/store/claim.ts'
import { StoreError } from '../../src/store/store.ts'

describe('the claim to a store', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-claim-'))
  const path = join(folder, 'below', 'store.mdb')
  const sign = `${path}.pid`
  afterEach(() => rmSync(sign, { force: true }))
  after(() => rmSync(folder, { recursive: true }))

  it('names the process, and goes when it is given up', () => {
    const release = claim(path)
    expect(readFileSync(sign, 'utf8')).equal(String(process.pid))
    release()
    expect(existsSync(sign)).equal(false)
  })

  it('is refused while a process has it', () => {
    claim(path)
    writeFileSync(sign, String(process.ppid))
    expect(() => claim(path)).throws(StoreError, `process ${process.ppid} has it`)
    expect(existsSync(sign)).equal(true)
  })

  it('takes over from a process that is no more, and from what is no number', () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    claim(path)
    for (const left of [String(pid), String(process.pid), 'x', '', '-1', '0']) {
      writeFileSync(sign, left)
      claim(path)
      expect(readFileSync(sign, 'utf8'), left).equal(String(process.pid))
    }
  })

  it('says why it cannot be', () => {
    expect(() => claim(join(sign, 'x', 'y'))).not.throw()
    rmSync(sign, { recursive: true })
    writeFileSync(sign, '')
    expect(() => claim(join(sign, 'x'))).throws(StoreError, 'store ')
  })
})
