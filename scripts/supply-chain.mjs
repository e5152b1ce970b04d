// Checks what is installed: the binaries of uWebSockets.js by their hashes, and all packages against
// the advisories of the registry, where that answers.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const modules = resolve(import.meta.dirname, '..', 'node_modules')
const known = JSON.parse(readFileSync(join(import.meta.dirname, 'uws-binaries.json'), 'utf8'))

checkBinaries()
audit()

/** npm puts them beside all others, or, where two versions are needed, below the package itself. */
function checkBinaries() {
  const packages = ['.', 'uWebSockets.js/node_modules', 'uWebSockets.js-20.51/node_modules']
    .map(place => join(modules, place, '@uwsjs'))
    .filter(existsSync)
    .flatMap(folder => readdirSync(folder).map(name => join(folder, name)))
  for (const folder of packages) {
    const binary = join(folder, 'uws.node')
    if (!existsSync(binary)) continue
    const { name, version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const hash = createHash('sha256').update(readFileSync(binary)).digest('hex')
    const wanted = known[`${name}@${version}`]
    if (wanted === hash) console.log(`${name}@${version}: sha256 as expected`)
    else if (wanted === undefined) console.log(`${name}@${version}: not in the table: ${hash}`)
    else fail(`${name}@${version} is another file: ${hash}`)
  }
}

function audit() {
  const { status, stdout, stderr } = spawnSync('npm', ['audit'], { encoding: 'utf8' })
  if (status === 0) console.log(stdout.trim())
  else if (stderr.includes('audit endpoint returned an error')) {
    console.log('npm audit: this registry gives no advisories, so nothing was compared')
  } else fail(`${stdout}${stderr}`)
}

function fail(text) {
  console.error(text)
  process.exitCode = 1
}
