/**
 * Compiles walk.ts and writes the bytes into src/serializer/json-walk-bytes.ts. With --check it writes
 * nothing and fails where they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import asc from 'assemblyscript/asc'

const target = resolve(import.meta.dirname, '../../src/serializer/json-walk-bytes.ts')
const options = [
  '-O3',
  '--enable',
  'simd',
  '--runtime',
  'stub',
  '--noAssert',
  '--initialMemory',
  '2',
]
let wasm
const { error, stderr } = await asc.main(['walk.ts', '--outFile', 'walk.wasm', ...options], {
  readFile: name => (name === 'walk.ts' ? source() : null),
  writeFile(_, contents) {
    wasm = contents
  },
  listFiles: () => [],
})
if (error) throw new Error(String(stderr))

const lines = Buffer.from(wasm)
  .toString('base64')
  .match(/.{1,90}/g)
  .map(line => `  '${line}',`)
const text = `/** What scripts/json-walk/walk.ts compiles to, as base64. Written by \`npm run json-walk\`. */
export const JSON_WALK = [
${lines.join('\n')}
].join('')
`
if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (readFileSync(target, 'utf8') !== text)
  throw new Error(`${target} is not what walk.ts compiles to`)

function source() {
  return readFileSync(join(import.meta.dirname, 'walk.ts'), 'utf8')
}
