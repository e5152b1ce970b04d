import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { expand } from '../../src/config/expand.ts'

describe('expand', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wampd-expand-'))
  after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'f.yaml')
  const ENV = { A: 'a', EMPTY: '', ODD: '${A} $& $1 \n: {' }

  /** What a text becomes, or what is wrong with it. */
  function outcome(text: string): unknown {
    const { data, faults } = expand({ key: [text] }, file, ENV)
    for (const { path } of faults) expect(path).deep.equal(['key', 0])
    return faults.length > 0 ? faults.map(fault => fault.text) : (data as { key: string[] }).key[0]
  }

  const FORMS = 'expected ${VAR}, ${VAR:-default}, ${file:/path}, or $${ for a plain ${'

  it('puts variables into texts, anywhere in them', () => {
    expect(outcome('${A}')).equal('a')
    expect(outcome('x${A}${A}y${A}')).equal('xaaya')
    expect(outcome('')).equal('')
    expect(outcome('$A $ {A} $')).equal('$A $ {A} $')
  })

  it('puts in what a variable has as it is, and does not look at it again', () => {
    expect(outcome('${ODD}')).equal(ENV.ODD)
  })

  it('takes the default where a variable is not set, or empty', () => {
    expect(outcome('${NONE:-b}')).equal('b')
    expect(outcome('${NONE:-}')).equal('')
    expect(outcome('${NONE:-a:-b $c\n}')).equal('a:-b $c\n')
    expect(outcome('${EMPTY:-b}')).equal('b')
    expect(outcome('${A:-b}')).equal('a')
    expect(outcome('${EMPTY}')).equal('')
  })

  it('says which variable is not set, each time', () => {
    expect(outcome('${NONE} ${A} ${OTHER}')).deep.equal([
      'the environment variable NONE is not set',
      'the environment variable OTHER is not set',
    ])
    expect(outcome('${toString}')).deep.equal(['the environment variable toString is not set'])
  })

  it('takes two dollars for one', () => {
    expect(outcome('$${A}')).equal('${A}')
    expect(outcome('$${A} ${A} $${')).equal('${A} a ${')
  })

  it('refuses what is none of its forms, and does not repeat it', () => {
    for (const text of [
      '${}',
      '${A',
      '${1A}',
      '${A-b}',
      '${ A }',
      '${A:b}',
      '${file:x',
      '${A:-b',
    ]) {
      expect(outcome(text), text).deep.equal([FORMS])
    }
  })

  it('reads files, relative to the one it is written in, without their last line break', () => {
    mkdirSync(join(folder, 'sub'))
    for (const [name, text] of [
      ['plain', 's3cret'],
      ['line', 's3cret\n'],
      ['crlf', 's3cret\r\n'],
    ] as const) {
      writeFileSync(join(folder, 'sub', name), text)
      expect(outcome(`\${file:sub/${name}}`), name).equal('s3cret')
      expect(outcome(`\${file:${join(folder, 'sub', name)}}`), name).equal('s3cret')
    }
    writeFileSync(join(folder, 'lines'), 'a\nb\n\n')
    expect(outcome('${file:lines}')).equal('a\nb\n')
  })

  it('says why a file cannot be read', () => {
    writeFileSync(join(folder, 'large'), '')
    truncateSync(join(folder, 'large'), 65537)
    writeFileSync(join(folder, 'binary'), Buffer.from([0xff]))
    const path = (name: string) => join(folder, name)
    expect(outcome('${file:none}')).deep.equal([`${path('none')}: no such file`])
    expect(outcome('${file:}')).deep.equal([`${folder}: is not a file`])
    expect(outcome('${file:large}')).deep.equal([`${path('large')}: is larger than 64 KB`])
    expect(outcome('${file:binary}')).deep.equal([`${path('binary')}: is not UTF-8 text`])
  })

  it('leaves keys, numbers and whatever is no text alone, in a copy', () => {
    const data = JSON.parse('{"${A}": [1, null, true, {"__proto__": "${A}"}]}')
    const { data: copy, faults } = expand(data, file, ENV)
    expect(JSON.stringify(copy)).equal('{"${A}":[1,null,true,{"__proto__":"a"}]}')
    expect(JSON.stringify(data)).contain('"__proto__":"${A}"')
    expect(faults).deep.equal([])
  })

  it('never throws, whatever the text', () => {
    const text = fc.string({ unit: fc.constantFrom('$', '{', '}', ':-', 'A', 'file:', '/', '\0') })
    fc.assert(fc.property(text, text => void outcome(text)))
  })
})
