import type { IncomingMessage } from 'node:http'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { type Body, readBody } from '../../src/transport/body.ts'
import { FakeClock } from '../helpers/fake-clock.ts'

/** A request whose body is what is written to it. */
function requestOf(headers: Record<string, string> = {}): PassThrough & IncomingMessage {
  return Object.assign(new PassThrough(), { headers }) as unknown as PassThrough & IncomingMessage
}

describe('the body of a request', () => {
  const clock = new FakeClock()
  const read = (request: IncomingMessage) => readBody(request, 10, clock)
  const statusOf = (body: Body) => ('status' in body ? body.status : 200)

  afterEach(() => expect(clock.pending).equal(0))

  it('is read whole', async () => {
    const request = requestOf()
    request.write('ab')
    request.end('cd')
    expect(await read(request)).deep.equal({ bytes: new Uint8Array(Buffer.from('abcd')) })
  })

  it('may be empty', async () => {
    const request = requestOf()
    request.end()
    expect(await read(request)).deep.equal({ bytes: new Uint8Array(0) })
  })

  it('may come byte by byte', async () => {
    const request = requestOf()
    const body = read(request)
    for (const byte of '0123456789') {
      request.write(byte)
      await new Promise(setImmediate)
    }
    request.end()
    expect(await body).deep.equal({ bytes: new Uint8Array(Buffer.from('0123456789')) })
  })

  it('may be as large as the limit', async () => {
    const request = requestOf({ 'content-length': '10' })
    request.end('x'.repeat(10))
    expect(statusOf(await read(request))).equal(200)
  })

  it('is refused beyond the limit before it has come, where it says so', async () => {
    const request = requestOf({ 'content-length': '11' })
    expect(statusOf(await read(request))).equal(413)
    request.destroy()
    await new Promise(setImmediate)
  })

  it('is refused beyond the limit, and the rest is forgotten', async () => {
    const request = requestOf()
    request.write('x'.repeat(11))
    expect(statusOf(await read(request))).equal(413)
    request.end('x'.repeat(100_000))
    await new Promise(resolve => request.once('close', resolve))
    expect(request.readableLength).equal(0)
  })

  it('is cut off when it takes too long', async () => {
    const request = requestOf()
    request.write('x')
    const body = read(request)
    clock.pass(30_000)
    expect(statusOf(await body)).equal(408)
    await new Promise(setImmediate)
    expect(request.destroyed).equal(true)
    await new Promise(setImmediate)
  })

  it('is cut off when it goes on for too long beyond the limit', async () => {
    const request = requestOf()
    request.write('x'.repeat(11))
    expect(statusOf(await read(request))).equal(413)
    clock.pass(30_000)
    await new Promise(setImmediate)
    expect(request.destroyed).equal(true)
    await new Promise(setImmediate)
  })

  it('that breaks off is none', async () => {
    const request = requestOf()
    request.write('x')
    const body = read(request)
    request.destroy()
    expect(statusOf(await body)).equal(400)
  })

  it('that somebody has read before is missed, and not waited for', async () => {
    const request = requestOf()
    request.end('x')
    request.resume()
    await new Promise(resolve => request.once('end', resolve))
    expect(statusOf(await read(request))).equal(500)
    request.destroy()
    await new Promise(setImmediate)
  })
})
