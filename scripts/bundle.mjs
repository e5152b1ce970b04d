/**
 * Puts the compiled code into few files: to find and compile hundreds of them takes most of the time to
 * start. TypeBox goes in too, which alone is over two hundred; all other packages stay outside: they are few
 * files, have binaries, or are CommonJS, which does not go into modules. Runs after `tsc`, on what that left in dist.
 */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const dist = join(root, 'dist')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const packages = { ...manifest.dependencies, ...manifest.peerDependencies }

const before = files('.js')
const { metafile } = await build({
  // The check of a store is a process of its own: src/store/lmdb.ts looks for it beside itself.
  entryPoints: ['index.js', 'cli.js', 'store/lmdb-check.js'].map(file => join(dist, file)),
  entryNames: '[name]',
  outdir: dist,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  // What is bundled says whose it is, and under which licence.
  legalComments: 'eof',
  external: Object.keys(packages).filter(name => name !== 'typebox'),
  minifySyntax: true,
  minifyWhitespace: true,
  metafile: true,
  logLevel: 'warning',
})
const written = new Set(Object.keys(metafile.outputs).map(file => resolve(file)))
// Only the types of the other files are needed any more.
for (const file of before) if (!written.has(file)) rmSync(file)
for (const file of files('.js.map')) if (!written.has(file)) rmSync(file)

function files(ending) {
  return readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith(ending))
    .map(name => join(dist, name))
}
