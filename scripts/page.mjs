/**
 * Bundles the admin page into dist/page: a page, a script, a stylesheet, an icon, and the licences of what
 * was bundled. Names of script and stylesheet carry a hash of what is in them, so that browsers may keep them.
 */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { build } from 'esbuild'

const root = resolve(import.meta.dirname, '..')
const source = join(root, 'page')
const target = join(root, 'dist/page')

rmSync(target, { recursive: true, force: true })
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: { main: join(source, 'main.tsx') },
  outdir: target,
  entryNames: '[name]-[hash]',
  bundle: true,
  minify: true,
  format: 'esm',
  target: ['chrome123', 'firefox120', 'safari17.5'],
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
})

let page = readFileSync(join(source, 'index.html'), 'utf8')
for (const file of Object.keys(metafile.outputs)) {
  const name = basename(file)
  page = page.replace(`%${name.replace(/-[^.]*/, '')}%`, name)
}
writeFileSync(join(target, 'index.html'), page)
copyFileSync(join(source, 'icon.svg'), join(target, 'icon.svg'))

/** The folders of the packages that something was taken of. */
const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    file => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? [],
  ),
)
const licences = [...packages].sort().map(folder => {
  const { name, version } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
  return `${name} ${version}\n\n${readFileSync(join(root, folder, 'LICENSE'), 'utf8')}`
})
writeFileSync(join(target, 'licences.txt'), licences.join('\n---\n\n'))
