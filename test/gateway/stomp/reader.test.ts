import { expect } from 'chai'
import fc from 'fast-check'
import {
  encodeFrame,
  encodeRest,
  type Frame,
  VERSIONS,
  type Version,
} from '../../../src/gateway/stomp/frame.ts'
import { FrameError, FrameReader } from '../../../src/gateway/stomp/reader.ts'

interface Plain {
  command: string
  headers: [string, string][]
  body: string
}

function plain({ command, headers, body }: Frame): Plain {
  return { command, headers: [...headers], body: Buffer.from(body).toString('latin1') }
}

/** The frames of some bytes, which come in pieces that end at these places. */
function framesOf(
  bytes: Uint8Array,
  version: Version | null = '1.2',
  cuts: readonly number[] = [],
  maxBody = 1000,
): Plain[] {
  const reader = new FrameReader(maxBody)
  reader.version = version
  const frames: Plain[] = []
  const ends = [...new Set(cuts.map(cut => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const end of [...ends, bytes.length]) {
    // What is borrowed is gone once it was kept.
    const piece = new Uint8Array(bytes.subarray(from, end))
    reader.push(piece)
    for (let frame = reader.next(); frame !== null; frame = reader.next()) frames.push(plain(frame))
    reader.keep()
    piece.fill(0xff)
    from = end
  }
  return frames
}

const frames = (text: string, version: Version | null = '1.2') =>
  framesOf(Buffer.from(text), version)
const frame = (text: string, version: Version | null = '1.2') => frames(text, version)[0]
const headers = (text: string, version: Version | null = '1.2') =>
  Object.fromEntries(frame(text, version)?.headers ?? [])

describe('the reader of STOMP frames', () => {
  it('reads command, headers and body', () => {
    expect(frame('SEND\ndestination:/topic/a\nx:\n\nhello\0')).deep.equal({
      command: 'SEND',
      headers: [
        ['destination', '/topic/a'],
        ['x', ''],
      ],
      body: 'hello',
    })
    expect(frame('ABORT\n\n\0')).deep.equal({ command: 'ABORT', headers: [], body: '' })
  })

  it('skips line ends between frames, which are heart-beats', () => {
    expect(frames('\n\nABORT\n\n\0\n\r\n\nBEGIN\n\n\0\n').map(one => one.command)).deep.equal([
      'ABORT',
      'BEGIN',
    ])
  })

  it('has bodies with NUL where content-length says how long they are', () => {
    expect(frame('SEND\ncontent-length:5\n\na\0b\0c\0')?.body).equal('a\0b\0c')
    expect(frame('SEND\ncontent-length:0\n\n\0')?.body).equal('')
    expect(frames('SEND\n\na\0ABORT\n\n\0').map(({ body }) => body)).deep.equal(['a', ''])
  })

  it('takes the first of a header that is repeated', () => {
    expect(headers('SEND\na:1\na:2\n\n\0')).deep.equal({ a: '1' })
  })

  it('has the escapes of each version', () => {
    const text = 'SEND\na\\cb:\\n\\c\\\\n\n\n\0'
    expect(headers(text, '1.2')).deep.equal({ 'a:b': '\n:\\n' })
    expect(headers(text, '1.1')).deep.equal({ 'a:b': '\n:\\n' })
    expect(headers(text, '1.0')).deep.equal({ 'a\\cb': '\\n\\c\\\\n' })
    expect(headers('SEND\na:\\r\n\n\0', '1.2')).deep.equal({ a: '\r' })
    expect(headers('SEND\na:b:c\n\n\0', '1.2')).deep.equal({ a: 'b:c' })
    for (const [sequence, version] of [
      ['\\t', '1.2'],
      ['\\r', '1.1'],
      ['\\', '1.2'],
      ['\\C', '1.1'],
    ] as const) {
      expect(() => frame(`SEND\na:${sequence}\n\n\0`, version), sequence).throw(FrameError, version)
    }
  })

  it('has no escapes in CONNECT, whatever the version', () => {
    for (const version of [null, '1.1', '1.2'] as const) {
      expect(headers('CONNECT\npasscode:a\\n\\x\n\n\0', version)).deep.equal({
        passcode: 'a\\n\\x',
      })
    }
  })

  it('ends lines with CR LF in 1.2 and 1.0; in 1.1 a CR is part of the text', () => {
    const text = 'SEND\r\na:1\r\n\r\nbody\0'
    expect(frame(text, '1.2')).deep.equal({ command: 'SEND', headers: [['a', '1']], body: 'body' })
    expect(frame(text, '1.0')).deep.equal(frame(text, '1.2'))
    expect(headers(text, null)).deep.equal({ a: '1' })
    expect(headers('SEND\na:1\r\n\n\0', '1.1')).deep.equal({ a: '1\r' })
    expect(() => frame('SEND\na:1\rb\n\n\0', '1.2')).throw(FrameError, 'CR')
  })

  it('takes spaces off headers in 1.0 only', () => {
    expect(headers('SEND\ndestination: /topic/a \n\n\0', '1.0')).deep.equal({
      destination: '/topic/a',
    })
    expect(headers('SEND\na: b \n\n\0', '1.1')).deep.equal({ a: ' b ' })
    expect(headers('SEND\na : b\n\n\0', '1.2')).deep.equal({ 'a ': ' b' })
  })

  it('refuses what is no frame, and says why', () => {
    const wrong: [string, string][] = [
      ['SEND\nabc\n\n\0', '"abc" has no colon'],
      ['SEND\n:abc\n\n\0', 'no name'],
      ['SEND\na:b\n\0', 'before the empty line'],
      ['SEND\0', 'before the empty line'],
      ['SEND\na:\0\n\n\0', 'before the empty line'],
      ['SEND\ncontent-length:x\n\n\0', 'content-length is no number: "x"'],
      ['SEND\ncontent-length:-1\n\n\0', 'content-length is no number'],
      ['SEND\ncontent-length:1e2\n\n\0', 'content-length is no number'],
      ['SEND\ncontent-length:2\n\nabc\0', 'no NUL follows 2 bytes'],
      ['SEND\ncontent-length:1001\n\n', 'at most 1000 bytes'],
      [`SEND\n\n${'a'.repeat(1001)}`, 'at most 1000 bytes'],
      [`SEND\n\n${'a'.repeat(1001)}\0`, 'at most 1000 bytes'],
      [`SEND\n${'a:b\n'.repeat(201)}\n\0`, 'at most 200 headers'],
      ['a'.repeat(70_000), 'at most 65536 bytes'],
      [`SEND\na:${'b'.repeat(70_000)}\n\n\0`, 'at most 65536 bytes'],
    ]
    for (const [text, why] of wrong) {
      expect(() => frames(text), JSON.stringify(text.slice(0, 40))).throw(FrameError, why)
    }
    expect(() => framesOf(Buffer.from([83, 10, 0xff, 58, 10, 10, 0]))).throw(FrameError, 'UTF-8')
    expect(frames(`SEND\n${'a:b\n'.repeat(200)}\n\0`)).length(1)
    expect(frames(`SEND\n\n${'a'.repeat(1000)}\0`)).length(1)
  })

  it('knows the receipt that a frame with a bad body asked for', () => {
    try {
      frames('SEND\nreceipt:r1\ncontent-length:2\n\nabc\0')
      expect.fail('it was read')
    } catch (error) {
      expect((error as FrameError).receipt).equal('r1')
    }
  })

  const text = fc.string({ unit: fc.constantFrom('a', ':', '\\', '\r', '\n', 'n', 'c', 'ü', ' ') })
  const anyFrame = fc.record({
    command: fc.constantFrom('SEND', 'MESSAGE', 'ERROR'),
    headers: fc.uniqueArray(fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), text), {
      selector: ([name]) => name.replaceAll('\0', ''),
      maxLength: 5,
    }),
    body: fc.uint8Array({ maxLength: 100 }),
  })
  const cuts = fc.array(fc.nat(), { maxLength: 20 })

  it('reads what was written, wherever it is split', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...VERSIONS),
        fc.array(anyFrame, { maxLength: 4 }),
        cuts,
        (version, sent, cuts) => {
          const known = sent.map(({ command, headers, body }) => ({
            command,
            headers: headers.flatMap(([name, value]): [string, string][] => {
              const found: [string, string] = [writable(name, version), writable(value, version)]
              return found[0] === '' ? [] : [[found[0].replaceAll(':', x(version)), found[1]]]
            }),
            body,
          }))
          const named = known.filter(({ headers }) => {
            const names = headers.map(([name]) => name)
            const isClear = new Set(names).size === names.length
            return isClear && !names.some(name => name === '' || name === 'content-length')
          })
          const bytes = Buffer.concat(
            named.map(({ command, headers, body }) =>
              encodeFrame(
                version,
                command,
                headers.slice(0, 2),
                encodeRest(version, headers.slice(2), body),
              ),
            ),
          )
          const expected = named.map(({ command, headers, body }) => ({
            command,
            headers:
              body.length === 0
                ? headers
                : [...headers, ['content-length', String(body.length)] as [string, string]],
            body: Buffer.from(body).toString('latin1'),
          }))
          expect(framesOf(bytes, version, cuts)).deep.equal(expected)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('finds the same in any bytes, wherever they are split, and never more than an error', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 5 }),
      fc
        .constantFrom(
          ...['SEND', 'CONNECT', '\n', '\n\n', '\r\n', '\0', ':', 'a:b\n', '\\n', '\\'],
          ...['content-length:3\n', 'content-length:', 'abc'],
        )
        .map(text => Buffer.from(text)),
    )
    fc.assert(
      fc.property(
        fc.constantFrom(null, ...VERSIONS),
        fc.array(piece, { maxLength: 30 }),
        cuts,
        (version, pieces, cuts) => {
          const bytes = Buffer.concat(pieces)
          expect(outcome(() => framesOf(bytes, version, cuts, 50))).deep.equal(
            outcome(() => framesOf(bytes, version, [], 50)),
          )
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('reads a large frame that comes in small pieces', () => {
    const body = Buffer.alloc(1 << 20, 'a')
    const bytes = encodeFrame('1.2', 'SEND', [['a', 'b']], encodeRest('1.2', [], body))
    const reader = new FrameReader(1 << 20)
    reader.version = '1.2'
    let copied = 0
    for (let at = 0; at < bytes.length; at += 100) {
      reader.push(bytes.subarray(at, at + 100))
      const frame = reader.next()
      reader.keep()
      copied += frame === null ? 0 : frame.body.length
    }
    expect(copied).equal(1 << 20)
  })
})

function x(version: Version): string {
  return version === '1.0' ? '' : ':'
}

/** What the version can say of a text. */
function writable(text: string, version: Version): string {
  const sound = text.replaceAll('\0', '').toWellFormed()
  return version === '1.0' ? sound.replace(/[\r\n]/g, '').trim() : sound
}

/** The frames, or that there is an error: where it is noticed depends on how much is there. */
function outcome(read: () => Plain[]): Plain[] | 'error' {
  try {
    return read()
  } catch (error) {
    expect(error).instanceOf(FrameError)
    return 'error'
  }
}
