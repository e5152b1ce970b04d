import { readdirSync, readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { expect } from 'chai'

/** Which folders of src a folder may import, and which packages. The arrows of the house. */
const MAY_IMPORT: Record<string, { folders: string[]; packages: string[] }> = {
  base: { folders: [], packages: ['pino', 'typebox'] },
  protocol: { folders: ['base'], packages: [] },
  serializer: { folders: ['base', 'protocol'], packages: ['msgpackr', 'cbor-x', 'lossless-json'] },
  match: { folders: ['protocol'], packages: [] },
  transport: { folders: ['base'], packages: ['ws', 'uWebSockets.js-20.51'] },
  // What passes between the router and its clients: counted, timed, watched.
  traffic: { folders: ['base', 'protocol'], packages: [] },
  delivery: {
    folders: ['base', 'protocol', 'serializer', 'traffic', 'transport'],
    packages: [],
  },
  store: { folders: ['base', 'protocol', 'match', 'serializer'], packages: ['lmdb'] },
  // Broker and dealer tell watches of the traffic what they do.
  broker: { folders: ['base', 'protocol', 'match', 'delivery', 'store', 'traffic'], packages: [] },
  // It times calls, too.
  dealer: { folders: ['base', 'protocol', 'match', 'delivery', 'traffic'], packages: [] },
  auth: {
    folders: ['base', 'protocol'],
    packages: ['typebox', 'jose', 'hash-wasm', '@mongodb-js/saslprep'],
  },
  realm: {
    folders: [
      ...['base', 'protocol', 'match', 'delivery', 'traffic'],
      ...['broker', 'dealer', 'store', 'meta', 'auth'],
    ],
    packages: [],
  },
  meta: {
    folders: ['base', 'protocol', 'match', 'delivery', 'broker', 'dealer', 'store'],
    packages: [],
  },
  session: {
    folders: [
      ...['base', 'protocol', 'match', 'serializer', 'delivery'],
      ...['auth', 'realm', 'meta', 'traffic', 'transport'],
    ],
    packages: [],
  },
  client: {
    folders: ['base', 'protocol', 'match', 'serializer', 'delivery', 'meta', 'realm', 'traffic'],
    packages: [],
  },
  // Other protocols: each gateway is a client of the router within it.
  gateway: {
    folders: ['base', 'protocol', 'serializer', 'auth', 'transport', 'site'],
    packages: ['typebox'],
  },
  // What ports serve. Each kind of service brings its configuration keys.
  site: {
    folders: ['base', 'auth', 'realm', 'serializer', 'session', 'transport', 'gateway'],
    packages: ['typebox', '@fastify/send'],
  },
  config: {
    folders: ['base', 'match', 'auth', 'realm', 'broker', 'dealer', 'site'],
    packages: ['typebox', 'yaml'],
  },
  // Configurations of other routers become one of wampd, which `config` then checks.
  migrate: { folders: ['config', 'match'], packages: ['yaml'] },
  control: { folders: ['base', 'config', 'protocol', 'store', 'transport'], packages: [] },
  // Messages as somebody who looks for a fault sees them, in the form that gateways have for JSON.
  trace: {
    folders: ['base', 'protocol', 'match', 'gateway', 'traffic'],
    packages: ['typebox'],
  },
  // Spans for OpenTelemetry, whose packages are loaded only where they are wanted; `.` has the version.
  telemetry: {
    folders: ['.', 'base', 'protocol', 'traffic'],
    packages: [
      ...['@opentelemetry/api', '@opentelemetry/sdk-trace', '@opentelemetry/resources'],
      '@opentelemetry/exporter-trace-otlp-http',
    ],
  },
  // The operators' side: what a router has and does, over HTTP. It shares the gateways' way with errors.
  // Its client finds routers as control's does.
  admin: {
    folders: [
      ...['base', 'protocol', 'match', 'auth', 'broker', 'dealer', 'realm', 'client'],
      // Of session, how guessing is held back.
      ...['config', 'control', 'gateway', 'session', 'store', 'trace', 'traffic', 'transport'],
    ],
    packages: ['typebox', 'prom-client', '@fastify/send'],
  },
  // A client of any router, for the verbs; of the transports it takes the frames of RawSocket alone.
  remote: {
    folders: ['base', 'protocol', 'serializer', 'transport', 'auth', 'config'],
    packages: ['ws'],
  },
  // A client of routers; `.` is the router that it measures where none is named.
  bench: { folders: ['.', 'protocol', 'serializer', 'config', 'remote'], packages: ['ws'] },
  // Proves by messages what any router does.
  conformance: { folders: ['protocol', 'serializer', 'config', 'remote'], packages: [] },
  // One file for each verb of the command line; `.` is the router.
  cli: {
    folders: [
      ...['.', 'base', 'match', 'protocol', 'serializer', 'store', 'transport', 'trace'],
      ...['admin', 'auth', 'bench', 'config', 'conformance', 'control', 'migrate', 'remote'],
    ],
    packages: ['commander'],
  },
  // router.ts, cli.ts and index.ts wire everything.
  '.': {
    folders: [
      ...['base', 'protocol', 'match', 'serializer', 'transport', 'delivery'],
      ...['auth', 'broker', 'dealer', 'realm', 'session', 'client', 'config'],
      ...['store', 'control', 'cli', 'site', 'admin', 'trace', 'telemetry', 'traffic'],
    ],
    packages: ['commander'],
  },
}

/** Where a folder needs but the types of another: the contract, not what lies behind it. */
const TYPES_ONLY = ['delivery -> transport', 'delivery -> serializer']

describe('architecture', () => {
  const src = resolve('src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(name =>
    name.endsWith('.ts'),
  )

  it('has a row for every folder', () => {
    expect(new Set(files.map(folder))).to.deep.equal(new Set(Object.keys(MAY_IMPORT)))
  })

  for (const file of files) {
    it(`${file} imports what its folder may`, () => {
      const from = folder(file)
      const row = MAY_IMPORT[from]
      for (const { target, typeOnly } of importsOf(join(src, file))) {
        if (target.startsWith('node:')) continue
        if (!target.startsWith('.')) {
          expect(row?.packages, `${from} names package ${target}`).to.include(packageOf(target))
          continue
        }
        const to = folder(relative(src, resolve(src, file, '..', target)))
        if (to === from) continue
        expect(row?.folders, `${from} -> ${to}`).to.include(to)
        if (TYPES_ONLY.includes(`${from} -> ${to}`)) {
          expect(typeOnly, `${from} takes only types of ${to}`).to.equal(true)
        }
      }
    })
  }

  it('keeps files of one thing: none has more than 500 lines', () => {
    for (const file of files) {
      const lines = readFileSync(join(src, file), 'utf8').split('\n').length
      expect(lines, file).to.be.at.most(500)
    }
  })
})

function importsOf(file: string): { target: string; typeOnly: boolean }[] {
  const text = readFileSync(file, 'utf8')
  const found = text.matchAll(/(?:^|\n)(import|export)( type)?\s(?:[^'";]*?from\s)?'([^']+)'/g)
  const dynamic = text.matchAll(/import\('([^']+)'\)/g)
  return [
    ...[...found].map(match => ({ target: match[3] as string, typeOnly: match[2] !== undefined })),
    ...[...dynamic].map(match => ({ target: match[1] as string, typeOnly: false })),
  ]
}

function packageOf(target: string): string {
  return target.split('/', target.startsWith('@') ? 2 : 1).join('/')
}

function folder(file: string): string {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '.'
}
