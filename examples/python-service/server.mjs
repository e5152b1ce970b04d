// A router, a service in Python, and a caller in JavaScript.
//   npm run example:python-service
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createRouter } from 'wampd'

const here = import.meta.dirname

/** The Python of an environment with what requirements.txt names, made at the first start. */
function python() {
  const home = join('.cache', 'python-service', process.platform === 'win32' ? 'Scripts' : 'bin')
  if (!existsSync(join(home, 'activate'))) {
    console.log('making a Python environment in .cache, which takes a while')
    execFileSync('python3', ['-m', 'venv', dirname(home)])
  }
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r']
  execFileSync(join(home, 'python'), [...install, join(here, 'requirements.txt')])
  return join(home, 'python')
}

const router = createRouter({ development: true })
const { url } = await router.listen({ port: Number(process.env.PORT ?? 8080) })
console.log(`the router listens on ${url}`)
const service = spawn(python(), [join(here, 'service.py'), url], { stdio: 'inherit' })
process.once('exit', () => service.kill())

const session = router.session('realm1')
// The service may take a moment to come: the call waits for it.
const found = await session.call('com.example.describe', [[3, 1, 4, 1, 5]], {}, { _wait: 10_000 })
console.log('describe:', found)

await session
  .call('com.example.describe', [[]])
  .catch(({ message }) => console.log('refused:', message))

const primes = session.callProgressively('com.example.primes', [30])
for await (const prime of primes) console.log('prime:', prime)
console.log('primes:', await primes.result)

service.kill()
await once(service, 'exit')
await router.close()
