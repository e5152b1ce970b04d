import { expect } from 'chai'
import { ConfigError } from '../../src/config/load.ts'
import type { Path } from '../../src/config/problem.ts'
import { parseSource } from '../../src/config/source.ts'

/** Where a path is written, as line:column. */
function placeOf(text: string, path: Path, atKey = false): string {
  const { line, column } = parseSource(text, 'f').problem({ path, text: '', atKey })
  return `${line}:${column}`
}

describe('the place of a fault', () => {
  const TEXT = `version: 1
realms:
  - &a
    name: one
    roles: []
  - *a
  - { name: "three", roles: [ x,
      y ] }
"odd key": {
  1: one, null: two,
  empty:
}
`

  it('is that of the value, or of its key', () => {
    expect(placeOf(TEXT, ['version'])).equal('1:10')
    expect(placeOf(TEXT, ['version'], true)).equal('1:1')
    expect(placeOf(TEXT, ['realms', 2, 'name'])).equal('7:13')
    expect(placeOf(TEXT, ['realms', 2, 'roles', 1])).equal('8:7')
    expect(placeOf(TEXT, ['odd key', '1'])).equal('10:6')
    expect(placeOf(TEXT, ['odd key'], true)).equal('9:1')
  })

  it('is where an alias leads', () => {
    expect(placeOf(TEXT, ['realms', 0, 'name'])).equal('4:11')
    expect(placeOf(TEXT, ['realms', 1, 'name'])).equal('4:11')
    expect(placeOf(TEXT, ['realms', 1])).equal('6:5')
  })

  it('is as near as it gets where there is nothing', () => {
    expect(placeOf(TEXT, [])).equal('1:1')
    expect(placeOf(TEXT, ['none'])).equal('1:1')
    expect(placeOf(TEXT, ['realms', 7, 'name'])).equal('3:3')
    expect(placeOf(TEXT, ['realms', 2, 'none', 'deeper'])).equal('7:5')
    expect(placeOf(TEXT, ['version', 'none'])).equal('1:10')
  })

  it('counts lines in files of other systems, and behind a byte order mark', () => {
    expect(placeOf('a: 1\r\nb:\r\n  c: 2\r\n', ['b', 'c'])).equal('3:6')
    expect(placeOf('\ufeffa: 1\nb: 2\n', ['b'])).equal('2:4')
    expect(placeOf('{\n\t"a": [\n\t\t1, 2]}', ['a', 1])).equal('3:6')
  })
})

describe('the data of a file', () => {
  const dataOf = (text: string) => parseSource(text, 'f').data

  it('is that of YAML 1.2: yes and no are texts, merge keys are keys', () => {
    expect(dataOf('a: yes\nb: 0o17\nc: 1_000\nd: 012\n')).deep.equal({
      a: 'yes',
      b: 15,
      c: '1_000',
      d: 12,
    })
    expect(dataOf('a: &a {x: 1}\nb: {<<: *a}\n')).deep.equal({ a: { x: 1 }, b: { '<<': { x: 1 } } })
  })

  it('has an own key __proto__, not another prototype', () => {
    const data = dataOf('__proto__: {a: 1}\n') as object
    expect(Object.keys(data)).deep.equal(['__proto__'])
    expect('a' in data).equal(false)
  })

  it('is refused with all faults of its form, none of which quotes it', () => {
    const texts = [
      'a: s3cret: b',
      'a: !s3cret b',
      'a: "\\s3cret"',
      'a: |s3cret\n',
      '%s3cret\n---\n',
      'a: *s3cret',
    ]
    for (const text of [...texts, '} s3cret', 'a: "b" s3cret', 'a: @s3cret', '- b\ns3cret']) {
      try {
        dataOf(text)
        expect.fail(`taken: ${text}`)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        expect(error.message, text).not.contain('s3cret')
        for (const { line, column, text } of error.problems) {
          expect([line, column].every(Number.isInteger)).equal(true)
          expect(text).not.equal('')
        }
      }
    }
  })
})
