/**
 * Puts TypeBox into few files, and has the compiled code load those: it is over two hundred files otherwise,
 * and to find and compile them takes a third of a second. The router's own code stays as it is: bundled, a
 * call costs it a tenth more. Runs after `tsc`, on what that left in dist.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { rollup } from 'rollup'

const dist = resolve(import.meta.dirname, '../dist')
/** What is imported of it, and the file that it becomes. */
const ENTRIES = {
  typebox: 'typebox.js',
  'typebox/value': 'typebox-value.js',
  'typebox/system': 'typebox-system.js',
}

const bundle = await rollup({
  input: Object.fromEntries(
    Object.entries(ENTRIES).map(([name, file]) => [file.slice(0, -3), name]),
  ),
  plugins: [nodeResolve({ exportConditions: ['node'] })],
  onwarn(warning) {
    // Its files import each other in circles, which does no harm.
    if (warning.code !== 'CIRCULAR_DEPENDENCY') throw new Error(warning.message)
  },
})
const folder = join(dist, 'bundled')
await bundle.write({ dir: folder, format: 'es', chunkFileNames: 'typebox-parts.js' })
await bundle.close()
const licence = readFileSync(resolve(dist, '../node_modules/typebox/license'))
writeFileSync(join(folder, 'typebox-license.txt'), licence)

for (const name of readdirSync(dist, { recursive: true, encoding: 'utf8' })) {
  const file = join(dist, name)
  if (!name.endsWith('.js') || name.startsWith('bundled')) continue
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(/ from '(typebox[a-z/]*)'/g, (_, entry) => {
    const target = relative(dirname(file), join(folder, ENTRIES[entry]))
    return ` from '${target.startsWith('.') ? target : `./${target}`}'`
  })
  if (changed !== text) writeFileSync(file, changed)
}
