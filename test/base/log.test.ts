import { expect } from 'chai'
import { createLog, type Log } from '../../src/base/log.ts'
import { LOG_LEVELS, type LogLevel } from '../../src/base/log-level.ts'

/** What goes to standard error while `run` logs. */
function written(level: LogLevel, pretty: boolean, run: (log: Log) => void): string {
  const { write } = process.stderr
  let text = ''
  process.stderr.write = (chunk: string | Uint8Array) => {
    text += chunk
    return true
  }
  try {
    run(createLog(level, pretty))
  } finally {
    process.stderr.write = write
  }
  return text
}

/** All characters that move a cursor, ring a bell or begin a command, some of them as one byte. */
const CONTROLS = Array.from({ length: 0xa0 }, (_, i) => i)
  .filter(i => i < 0x20 || i > 0x7e)
  .map(i => String.fromCharCode(i))

describe('the log', () => {
  it('writes one JSON object a line', () => {
    const text = written('info', false, log => {
      log.info({ realm: 'realm1' }, 'join')
      log.error({ err: new Error('broken') }, 'failed')
    })
    const [first, second, ...rest] = text.split('\n')
    expect(JSON.parse(first as string)).include({ level: 30, realm: 'realm1', msg: 'join' })
    expect(Date.parse(JSON.parse(first as string).time)).closeTo(Date.now(), 60_000)
    expect(JSON.parse(second as string).err.message).equal('broken')
    expect(rest).deep.equal([''])
  })

  it('leaves lines out while nobody reads them, and tells how many', () => {
    const text = written('info', false, log => {
      const waits = (bytes: number) =>
        Object.defineProperty(process.stderr, 'writableLength', {
          value: bytes,
          configurable: true,
        })
      try {
        log.info({}, 'first')
        waits(2 << 20)
        for (let i = 0; i < 3; i++) log.info({}, 'left out')
        waits(0)
        log.info({}, 'last')
      } finally {
        Reflect.deleteProperty(process.stderr, 'writableLength')
      }
    })
    const lines = text
      .trimEnd()
      .split('\n')
      .map(line => JSON.parse(line))
    expect(lines.map(({ msg }) => msg)).deep.equal([
      'first',
      'lines of the log were left out: nobody read them in time',
      'last',
    ])
    expect(lines[1].lines).equal(3)
  })

  it('writes readable lines to a terminal', () => {
    const text = written('info', true, log => log.warn({ realm: 'realm1', session: 5 }, 'slow'))
    expect(text).match(/^\d\d:\d\d:\d\d warn slow realm="realm1" session=5\n$/)
  })

  it('escapes the control characters of peers', () => {
    for (const pretty of [true, false]) {
      for (const control of CONTROLS) {
        const text = written('info', pretty, log =>
          log.info({ agent: `a${control}b`, list: [control] }, `says ${control}`),
        )
        expect(text.endsWith('\n')).equal(true)
        expect(text.slice(0, -1), escape(control)).not.match(/\p{Cc}/u)
      }
    }
  })

  it('cuts what peers make too long', () => {
    for (const pretty of [true, false]) {
      const text = written('info', pretty, log =>
        log.info({ uri: 'a'.repeat(1e6), err: new Error('whole') }, 'not authorized'),
      )
      expect(text.length).below(3000)
      expect(text).contain('aaa…').and.contain('whole')
    }
  })

  it('keeps escaped text readable for programs', () => {
    const text = written('info', false, log => log.info({ agent: CONTROLS.join('') }, 'hello'))
    expect(JSON.parse(text).agent).equal(CONTROLS.join(''))
  })

  it('leaves out what lies below its level', () => {
    const lines = (level: LogLevel) =>
      written(level, true, log => {
        for (const name of ['error', 'warn', 'info', 'debug'] as const) log[name]({}, name)
      }).split('\n').length - 1
    expect(LOG_LEVELS.map(lines)).deep.equal([0, 1, 2, 3, 4])
  })
})
