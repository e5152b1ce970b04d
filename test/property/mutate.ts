import { chance } from './steps.ts'

/** Bytes that parsers take for something special. */
const BYTES = [0, 1, 0x1f, 0x20, 0x22, 0x5c, 0x7f, 0x80, 0xbf, 0xc0, 0xd9, 0xdf, 0xf8, 0xfb, 0xff]

/** Pieces of text that they do. */
const WORDS = [
  ...['[', ']', '{', '}', ',', ':', '"', '\\u0000', '\\ud800', '1e999', '-0', '9007199254740993'],
  ...[
    '${',
    '$${',
    '${file:',
    '}',
    '<<: *a',
    '&a ',
    '*a',
    '!!binary ',
    '\n',
    '\r\n',
    '\t',
    '#',
    ': ',
  ],
  ...['..', '.', 'wamp', 'null', 'true', '__proto__', 'wamp.2.json', 'HTTP/1.1', '%00', '\u0085'],
]

/** Makes new inputs of old ones: the same ones for the same seed. */
export class Mutator {
  readonly #random: () => number

  constructor(seed: number) {
    this.#random = chance(seed)
  }

  /** One of the pool, changed in some places. */
  next(pool: readonly Uint8Array[]): Uint8Array {
    let bytes: Buffer = Buffer.from(this.#one(pool))
    for (let changes = 1 + this.#upTo(5); changes > 0; changes--) {
      bytes = this.#changed(bytes, pool)
    }
    return bytes.subarray(0, 65_536)
  }

  #changed(bytes: Buffer, pool: readonly Uint8Array[]): Buffer {
    const at = this.#upTo(bytes.length + 1)
    const to = at + this.#upTo(Math.min(bytes.length - at, 32) + 1)
    const [before, piece, after] = [
      bytes.subarray(0, at),
      bytes.subarray(at, to),
      bytes.subarray(to),
    ]
    switch (this.#upTo(8)) {
      case 0:
        return Buffer.concat([before, Buffer.from([this.#upTo(256)]), bytes.subarray(at + 1)])
      case 1:
        return Buffer.concat([before, Buffer.from([this.#one(BYTES)]), bytes.subarray(at + 1)])
      case 2:
        return Buffer.concat([before, Buffer.from(this.#one(WORDS)), bytes.subarray(at)])
      case 3:
        return Buffer.concat([before, after])
      case 4:
        return Buffer.concat([before, ...new Array<Buffer>(1 + this.#upTo(20)).fill(piece), after])
      case 5:
        return Buffer.concat([
          before,
          Buffer.from([(bytes[at] ?? 0) ^ (1 << this.#upTo(8))]),
          after,
        ])
      case 6: {
        const other = this.#one(pool)
        const from = this.#upTo(other.length + 1)
        return Buffer.concat([before, other.subarray(from, from + this.#upTo(64)), after])
      }
      default:
        return Buffer.from(before)
    }
  }

  #upTo(end: number): number {
    return Math.floor(this.#random() * end)
  }

  #one<T>(list: readonly T[]): T {
    return list[this.#upTo(list.length)] as T
  }
}
