import { escapingOf, type Frame, unescaped, type Version } from './frame.ts'

/** Bytes that are no frame, or one over a limit: the connection cannot be read any further. */
export class FrameError extends Error {
  override name = 'FrameError'
  /** What the frame asked for as its receipt, where that was read. */
  readonly receipt: string | undefined

  constructor(text: string, receipt?: string) {
    super(text)
    this.receipt = receipt
  }
}

/** Bytes of a command with its headers, and headers of a frame. */
const MAX_HEAD = 1 << 16
const MAX_HEADERS = 200

const LF = 10
const CR = 13
const EMPTY = new Uint8Array(0)

type Head = Omit<Frame, 'body'>

/**
 * Makes frames of bytes, wherever those are split. What each version allows differs: 1.2 has CR
 * before LF, in 1.1 a CR is a character like any other, and 1.0 does without spaces around headers.
 */
export class FrameReader {
  /** Null until CONNECT has settled it: its lines may end in CR LF, and nothing is escaped. */
  version: Version | null = null
  /** The largest body in bytes. */
  maxBody: number
  /** What is not read yet is bytes[at..end). */
  #bytes: Uint8Array = EMPTY
  #at = 0
  #end = 0
  /** The bytes are its own, and may be written to behind `end`. */
  #isOwn = false
  /** From here on nothing has been looked at. */
  #seen = 0
  #lineStart = 0
  #lines = 0
  /** The head of a frame whose body is awaited. */
  #head: Head | null = null

  constructor(maxBody: number) {
    this.maxBody = maxBody
  }

  /** Bytes that wait to be read. */
  get held(): number {
    return this.#end - this.#at
  }

  /** More bytes came. They are borrowed until keep(). */
  push(bytes: Uint8Array): void {
    if (this.held > 0) this.#append(bytes)
    else {
      this.#move(bytes, 0, bytes.length)
      this.#isOwn = false
    }
  }

  /** Copies what was borrowed and is not read yet. Bodies that were given out die here. */
  keep(): void {
    if (this.held === 0) this.#move(EMPTY, 0, 0)
    else if (!this.#isOwn) this.#grow(this.held)
  }

  /** The next frame that is whole; null: more bytes are needed. Throws FrameError. */
  next(): Frame | null {
    this.#head ??= this.#readHead()
    if (this.#head === null) return null
    const body = this.#readBody(this.#head)
    if (body === null) return null
    const { command, headers } = this.#head
    this.#head = null
    return { command, headers, body }
  }

  #append(bytes: Uint8Array): void {
    const needed = this.held + bytes.length
    if (!this.#isOwn || this.#bytes.length - this.#end < bytes.length) this.#grow(2 * needed)
    this.#bytes.set(bytes, this.#end)
    this.#end += bytes.length
  }

  /** Moves what is not read yet to bytes of its own, with room for more. */
  #grow(room: number): void {
    const grown = new Uint8Array(room)
    grown.set(this.#bytes.subarray(this.#at, this.#end))
    this.#move(grown, 0, this.held)
    this.#isOwn = true
  }

  #move(bytes: Uint8Array, at: number, end: number): void {
    const by = at - this.#at
    this.#seen += by
    this.#lineStart += by
    this.#bytes = bytes
    this.#at = at
    this.#end = end
  }

  #readHead(): Head | null {
    this.#skipLineEnds()
    for (;;) {
      const lineEnd = this.#find(LF)
      if (this.#seen - this.#at > MAX_HEAD) {
        throw new FrameError(`a command and its headers may have at most ${MAX_HEAD} bytes`)
      }
      if (lineEnd < 0) {
        // It would be waited for in vain.
        if (this.#bytes.subarray(this.#at, this.#end).includes(0)) throw new FrameError(NO_BLANK)
        return null
      }
      if (this.#isBlank(lineEnd)) {
        const head = this.#parseHead(this.#bytes.subarray(this.#at, this.#lineStart))
        this.#at = lineEnd + 1
        return head
      }
      this.#lineStart = lineEnd + 1
      this.#lines++
      // The command is a line, too.
      if (this.#lines > MAX_HEADERS + 1) {
        throw new FrameError(`a frame may have at most ${MAX_HEADERS} headers`)
      }
    }
  }

  /** Between frames there may be line ends: heart-beats. */
  #skipLineEnds(): void {
    if (this.#lines > 0) return
    const from = this.#at
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at]
      if (byte !== LF && !(byte === CR && this.version !== '1.1')) break
      this.#at++
    }
    if (this.#at === from && this.#seen > from) return
    this.#seen = this.#at
    this.#lineStart = this.#at
  }

  /** Where an octet comes next, or -1; what was looked at is not looked at again. */
  #find(octet: number): number {
    const found = this.#bytes.indexOf(octet, this.#seen)
    const isFound = found >= 0 && found < this.#end
    this.#seen = isFound ? found + 1 : this.#end
    return isFound ? found : -1
  }

  #isBlank(lineEnd: number): boolean {
    const length = lineEnd - this.#lineStart
    if (length === 0) return true
    return length === 1 && this.#bytes[this.#lineStart] === CR && this.version !== '1.1'
  }

  #parseHead(bytes: Uint8Array): Head {
    this.#lines = 0
    const text = utf8(bytes)
    if (text.includes('\0')) throw new FrameError(NO_BLANK)
    const [command = '', ...lines] = text.slice(0, -1).split('\n').map(this.#lineOf)
    const headers = new Map<string, string>()
    const escaping = escapingOf(command, this.version ?? '1.0')
    for (const line of lines) {
      const colon = line.indexOf(':')
      if (colon < 0) throw new FrameError(`the header line ${printable(line)} has no colon`)
      const [name, value] = [line.slice(0, colon), line.slice(colon + 1)].map(part =>
        meaningOf(part, escaping, this.version),
      ) as [string, string]
      if (name === '') throw new FrameError('a header has no name')
      if (!headers.has(name)) headers.set(name, value)
    }
    return { command, headers }
  }

  #lineOf = (line: string): string => {
    const isEnded = line.endsWith('\r') && this.version !== '1.1'
    const found = isEnded ? line.slice(0, -1) : line
    if (this.version === '1.2' && found.includes('\r')) {
      throw new FrameError(`the line ${printable(found)} has a CR that is not escaped`)
    }
    return found
  }

  #readBody({ command, headers }: Head): Uint8Array | null {
    const announced = headers.get('content-length')
    const length = announced === undefined ? this.#untilNul() : Number(announced)
    const receipt = headers.get('receipt')
    if (announced !== undefined && !/^\d{1,15}$/.test(announced)) {
      throw new FrameError(`content-length is no number: ${printable(announced)}`, receipt)
    }
    if ((length ?? this.held) > this.maxBody) {
      throw new FrameError(`${command}: a body may have at most ${this.maxBody} bytes`, receipt)
    }
    if (length === null || this.held < length + 1) return null
    const bodyEnd = this.#at + length
    if (this.#bytes[bodyEnd] !== 0) {
      throw new FrameError(`${command}: no NUL follows ${length} bytes of body`, receipt)
    }
    const body = this.#bytes.subarray(this.#at, bodyEnd)
    this.#at = bodyEnd + 1
    this.#seen = this.#at
    this.#lineStart = this.#at
    return body
  }

  /** The length of a body that has none announced; null where its end is not there yet. */
  #untilNul(): number | null {
    const found = this.#find(0)
    return found < 0 ? null : found - this.#at
  }
}

const NO_BLANK = 'an octet NUL comes before the empty line behind the headers'

function meaningOf(text: string, escaping: Version, version: Version | null): string {
  const value = unescaped(text, escaping)
  if (value === undefined) {
    throw new FrameError(`${printable(text)} has an escape that STOMP ${escaping} does not know`)
  }
  // The examples of STOMP 1.0 have spaces around headers; later versions keep them.
  return version === '1.0' ? value.trim() : value
}

function utf8(bytes: Uint8Array): string {
  try {
    return DECODER.decode(bytes)
  } catch {
    throw new FrameError('headers are no UTF-8')
  }
}

const DECODER = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

function printable(text: string): string {
  return JSON.stringify(text.slice(0, 100))
}
