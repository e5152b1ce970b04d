import { expect } from 'chai'
import fc from 'fast-check'
import {
  exponentOf,
  FrameReader,
  frameOf,
  lengthOf,
  PING,
  writeHeader,
} from '../../src/transport/rawsocket-frames.ts'

const LIMIT = 300

interface Frame {
  kind: number
  payload: string
}

/** What a reader makes of bytes that come in these pieces. */
function read(pieces: Buffer[], limit = LIMIT): { frames: Frame[]; fault: string | undefined } {
  const reader = new FrameReader(limit)
  const frames: Frame[] = []
  for (const piece of pieces) {
    // The piece is gone once it is read.
    const bytes = Buffer.from(piece)
    const fault = reader.read(bytes, (kind, payload) =>
      frames.push({ kind, payload: payload.toString('hex') }),
    )
    bytes.fill(0xee)
    if (fault !== undefined) return { frames, fault }
  }
  return { frames, fault: undefined }
}

/** Bytes cut at some places. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [...new Set(places.map(place => place % (bytes.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, i) => bytes.subarray(from, at[i] ?? bytes.length))
}

const payloads = fc.uint8Array({ maxLength: LIMIT })
const frames = fc.array(fc.record({ kind: fc.integer({ min: 0, max: 2 }), payload: payloads }), {
  maxLength: 8,
})
const places = fc.array(fc.nat(3000), { maxLength: 30 })

describe('the frames of RawSocket', () => {
  it('come out as they went in, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(frames, places, (sent, at) => {
        const bytes = Buffer.concat(sent.map(({ kind, payload }) => frameOf(kind, payload)))
        const expected = sent.map(({ kind, payload }) => ({
          kind,
          payload: Buffer.from(payload).toString('hex'),
        }))
        expect(read(cut(bytes, at))).deep.equal({ frames: expected, fault: undefined })
        expect(read([...bytes].map(byte => Buffer.from([byte])))).deep.equal({
          frames: expected,
          fault: undefined,
        })
      }),
      { numRuns: 200 },
    )
  })

  it('of any bytes are the same however they are cut, and never over the limit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), places, (noise, at) => {
        const bytes = Buffer.from(noise)
        const whole = read([bytes])
        expect(read(cut(bytes, at))).deep.equal(whole)
        for (const { kind, payload } of whole.frames) {
          expect(kind).at.most(2)
          expect(payload.length / 2).at.most(LIMIT)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('are refused by their header alone, before what they announce is there', () => {
    const faults = {
      '10000001': 'reserved bits are set',
      '80000000': 'reserved bits are set',
      '03000000': 'there are no frames of kind 3',
      '0f000000': 'there are no frames of kind 7',
      '0000012d': 'a frame may have at most 300 bytes',
      '08000000': 'a frame may have at most 300 bytes',
      '08000001': 'the length is over 16 MiB',
    }
    for (const [header, text] of Object.entries(faults)) {
      expect(read([Buffer.from(header, 'hex')]).fault, header).equal(text)
      expect(read(cut(Buffer.from(header, 'hex'), [1, 3])).fault, header).equal(text)
    }
  })

  it('may have 16 MiB, with the bit beyond 24 set and the others clear', () => {
    const header = Buffer.alloc(4)
    writeHeader(header, 0, 0, 1 << 24)
    expect(header.toString('hex')).equal('08000000')
    writeHeader(header, 0, PING, (1 << 24) - 1)
    expect(header.toString('hex')).equal('01ffffff')
    const payload = Buffer.alloc(1 << 24, 1)
    const reader = new FrameReader(1 << 24)
    const sizes: number[] = []
    const frame = frameOf(0, payload)
    for (const part of cut(frame, [3, 5, 1_000_000, 9_000_000])) {
      expect(reader.read(part, (_, bytes) => sizes.push(bytes.length))).equal(undefined)
    }
    expect(sizes).deep.equal([1 << 24])
  })

  it('have lengths of 512 to 16 MiB, of which the limit is never below the one announced', () => {
    for (let exponent = 0; exponent < 16; exponent++) {
      expect(exponentOf(lengthOf(exponent))).equal(exponent)
    }
    fc.assert(
      fc.property(fc.integer({ min: 512, max: 500 << 20 }), limit => {
        expect(lengthOf(exponentOf(limit))).at.most(limit)
        expect(exponentOf(limit) === 15 || 2 * lengthOf(exponentOf(limit)) > limit).equal(true)
      }),
    )
  })
})
