import { isIP } from 'node:net'

/** A header of the PROXY protocol, version 2, with whatever is to be wrong about it. */
export function proxyV2(
  address: string,
  { version = 2, command = 1, kind = -1, extensions = Buffer.alloc(0) } = {},
): Buffer {
  const own = isIP(address) === 4 ? 0x11 : 0x21
  const addresses = Buffer.concat([
    bytesOf(address),
    bytesOf(isIP(address) === 4 ? '0.0.0.0' : '::'),
  ])
  const body = Buffer.concat([addresses, Buffer.from([1, 2, 3, 4]), extensions])
  const header = Buffer.alloc(16)
  header.write('\r\n\r\n\0\r\nQUIT\n', 'latin1')
  header[12] = (version << 4) | command
  header[13] = kind < 0 ? own : kind
  header.writeUInt16BE(body.length, 14)
  return Buffer.concat([header, body])
}

/** An address in 4 or 16 bytes. */
function bytesOf(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = text.split('::')
  const parts = (one: string) =>
    one === '' ? [] : one.split(':').map(group => parseInt(group, 16))
  const [before, after] = [parts(head), parts(tail ?? '')]
  const groups = [...before, ...new Array(8 - before.length - after.length).fill(0), ...after]
  const bytes = Buffer.alloc(16)
  for (const [i, group] of groups.entries()) bytes.writeUInt16BE(group, 2 * i)
  return bytes
}
