import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { includedFiles } from '../../src/config/include.ts'

describe('include', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-include-'))
  const from = join(folder, 'main.yaml')
  before(() => {
    mkdirSync(join(folder, 'sub'))
    for (const name of ['b.yaml', 'a.yaml', '.hidden.yaml', 'a+b(1).yaml', 'c.json']) {
      writeFileSync(join(folder, 'sub', name), '')
    }
  })
  after(() => rmSync(folder, { recursive: true }))
  const names = (pattern: string) => includedFiles(pattern, from)
  const inSub = (...found: string[]) => found.map(name => join(folder, 'sub', name))

  it('finds one file, relative to that which names it, or by its full path', () => {
    expect(names('sub/a.yaml')).deep.equal(inSub('a.yaml'))
    expect(names('./sub/../sub/a.yaml')).deep.equal(inSub('a.yaml'))
    expect(names(join(folder, 'sub/a.yaml'))).deep.equal(inSub('a.yaml'))
  })

  it('finds all of a pattern in the order of their names, but no hidden ones', () => {
    expect(names('sub/*.yaml')).deep.equal(inSub('a+b(1).yaml', 'a.yaml', 'b.yaml'))
    expect(names('sub/*')).deep.equal(inSub('a+b(1).yaml', 'a.yaml', 'b.yaml', 'c.json'))
    expect(names(join(folder, 'sub', 'b*'))).deep.equal(inSub('b.yaml'))
  })

  it('takes all characters but * for themselves', () => {
    expect(names('sub/a+b(*).yaml')).deep.equal(inSub('a+b(1).yaml'))
    expect(names('sub/a?yaml*')).equal('no file has such a name')
    expect(names('sub/[ab].*')).equal('no file has such a name')
  })

  it('says why there are none', () => {
    expect(names('sub/none.yaml')).equal('no such file')
    expect(names('none/*.yaml')).equal('the folder: no such file')
    expect(names('s*/a.yaml')).equal('a * is possible in the name of the file only')
    expect(names('sub/a.yaml/*')).equal('the folder: no such file')
    expect(names('a\0*')).equal('no file has such a name')
    expect(names('a\0')).equal('no such file')
  })
})
