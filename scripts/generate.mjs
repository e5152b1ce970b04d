// Writes what follows from the code: realms/wampd.schema.json for editors, the Grafana dashboard, and the tables of
// the reference in docs/. With --check it writes nothing, and fails where they are out of date.
import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { FAMILIES } from '../build/src/admin/families.js'
import { OPERATIONS } from '../build/src/admin/operations.js'
import { COUNTED } from '../build/src/base/counters.js'
import { UNITS } from '../build/src/base/keys.js'
import { schema } from '../build/src/config/schema.js'
import { URIS } from '../build/src/protocol/uris.js'
import { BOUNDS } from '../build/src/traffic/histogram.js'
import { CLOSE_CODES } from '../build/src/transport/close-codes.js'
import { dashboard } from './dashboard.mjs'

const root = resolve(import.meta.dirname, '..')
const DASHBOARD = join(root, 'deploy', 'grafana', 'wampd.json')
const SCHEMA = join(root, 'realms', 'wampd.schema.json')

/** The tables of each page, by the names of their markers. */
const PAGES = {
  'admin.md': { operations: operationsTable() },
  'configuration.md': { units: unitsTable(), keys: keysTables() },
  'metrics.md': { bounds: BOUNDS.join(', '), metrics: metricsTable() },
  'reference-errors.md': { uris: urisTable(), codes: codesTable(), counters: countersTable() },
}

const wanted = [
  [DASHBOARD, `${JSON.stringify(dashboard(), null, 2)}\n`],
  [SCHEMA, `${JSON.stringify(jsonSchema(), null, 2)}\n`],
  ...Object.entries(PAGES).map(([page, tables]) => {
    const file = join(root, 'docs', page)
    return [file, withTables(readFileSync(file, 'utf8'), tables)]
  }),
]
if (process.argv.includes('--check')) {
  const old = wanted.filter(([file, text]) => read(file) !== text).map(([file]) => file)
  for (const file of old) console.error(`${file} is out of date: npm run generate`)
  process.exitCode = old.length > 0 ? 1 : 0
} else for (const [file, text] of wanted) writeFileSync(file, text)

function read(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

function jsonSchema() {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Configuration of wampd, a WAMP router',
    ...standard(schema),
    $defs: { variable: { type: 'string', pattern: '\\$\\{' } },
  }
}

/** A schema without the words of our own; where no text goes, one with a variable does. */
function standard(node) {
  const { description, default: fallback, ...rest } = node
  const said = {
    ...(description && { description }),
    ...(fallback !== undefined && { default: fallback }),
  }
  if (!rest.unit && (rest.properties ?? rest.patternProperties ?? rest.items))
    return { ...said, ...container(rest) }
  const { type, minLength, pattern, minimum, maximum } = rest
  if (type === 'string' && pattern === undefined)
    return { ...said, type, ...(minLength && { minLength }) }
  const forms = rest.unit
    ? [
        { type: 'number', minimum, maximum },
        { type: 'string', pattern },
        ...(rest.properties ? [{ ...container(rest), type: 'object' }] : []),
      ]
    : [only(rest, ['type', 'const', 'enum', 'minimum', 'maximum', 'pattern'])]
  return { ...said, anyOf: [...forms, { $ref: '#/$defs/variable' }] }
}

function container({ properties, patternProperties, items, ...rest }) {
  const each = dict =>
    Object.fromEntries(Object.entries(dict).map(([key, node]) => [key, standard(node)]))
  return {
    ...only(rest, ['type', 'required', 'additionalProperties', 'minItems']),
    ...(properties && { properties: each(properties) }),
    ...(patternProperties && { patternProperties: each(patternProperties) }),
    ...(items && { items: standard(items) }),
  }
}

function only(node, keys) {
  return Object.fromEntries(keys.filter(key => key in node).map(key => [key, node[key]]))
}

/** The document with the tables between its markers written anew. */
function withTables(text, tables) {
  return Object.entries(tables).reduce(
    (text, [name, table]) =>
      text.replace(
        new RegExp(`(<!-- ${name}: .*-->\n)[\\s\\S]*?(<!-- end of ${name} -->)`),
        (_, start, end) => `${start}\n${table}\n\n${end}`,
      ),
    text,
  )
}

/** A table of Markdown. */
function table(head, rows) {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map(cells => `| ${cells.map(escaped).join(' | ')} |`).join('\n')
}

function escaped(cell) {
  return String(cell)
    .replaceAll('|', '\\|')
    .replace(/\bdocs\/([\w-]+\.md)/g, '[$1]($1)')
}

function urisTable() {
  const rows = Object.entries(URIS).map(([uri, { meaning, receiver, remedy }]) => [
    `\`${uri}\``,
    meaning,
    receiver,
    remedy,
  ])
  return table(['URI', 'means', 'who gets it', 'what to do'], rows)
}

function codesTable() {
  const rows = Object.entries(CLOSE_CODES).map(([code, { name, when, remedy }]) => [
    code,
    name,
    when,
    remedy,
  ])
  return table(['code', 'name', 'when', 'what to do'], rows)
}

function countersTable() {
  const rows = Object.entries(COUNTED).map(([name, meaning]) => [`\`${name}\``, meaning])
  return table(['counter', 'counts'], rows)
}

function unitsTable() {
  const rows = Object.entries(UNITS).map(([name, { expected, worth }]) => {
    const units = Object.keys(worth).map(unit => `\`${unit}\``)
    return `| ${name} | ${units.join(', ')} | ${expected} |`
  })
  return ['| type | units | what is written |', '|---|---|---|', ...rows].join('\n')
}

function keysTables() {
  const tables = Object.entries(schema.properties).map(([key, node]) => {
    const required = schema.required.includes(key)
    return [
      `### \`${key}\`\n`,
      '| key | type | default | meaning | a change |',
      '|---|---|---|---|---|',
      ...rowsOf(key, node, required),
    ].join('\n')
  })
  return tables.join('\n\n')
}

function rowsOf(path, node, required) {
  const own = node.description === undefined ? [] : [row(path, node, required)]
  const { properties = {}, patternProperties = {}, items } = node
  const below = Object.entries(properties).flatMap(([key, child]) =>
    rowsOf(`${path}.${key}`, child, node.required?.includes(key)),
  )
  const named = Object.values(patternProperties).flatMap(child => rowsOf(`${path}.*`, child))
  return [...own, ...below, ...named, ...(items ? rowsOf(`${path}[]`, items) : [])]
}

function row(path, node, required) {
  const fallback = required ? 'required' : defaultText(node.default)
  const cells = [`\`${path}\``, typeText(node), fallback, node.description, node.reload]
  return `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function defaultText(value) {
  if (value === undefined || (typeof value === 'object' && Object.keys(value).length === 0))
    return ''
  return `\`${Array.isArray(value) ? value.join(', ') : value}\``
}

function typeText(node) {
  const { type, unit, items, minimum, maximum } = node
  if (node.secret) return 'secret text'
  if (node.path) return 'path of a file'
  if (node.const !== undefined) return `\`${node.const}\``
  if (node.enum) return node.enum.map(value => `\`${value}\``).join(', ')
  if (unit)
    return `${minimum > 0 ? `${unit} from ${minimum}` : unit}${node.properties ? ', or keys' : ''}`
  if (type === 'array') return items.properties ? 'list of keys' : `list of ${typeText(items)}`
  if (type === 'integer' || type === 'number') return `${minimum} to ${maximum}`
  return { object: 'keys', boolean: '`true`, `false`' }[type] ?? 'text'
}

function operationsTable() {
  const rows = OPERATIONS.map(({ method, path, about }) => [`${method} \`/api${path}\``, about])
  return table(['operation', 'what it does'], rows)
}

function metricsTable() {
  const rows = FAMILIES.map(({ name, type, labels, help }) => {
    const named = labels.map(label => `\`${label}\``).join(', ')
    return `| \`${name}\` | ${type} | ${named} | ${help} |`
  })
  return ['| metric | type | labels | meaning |', '|---|---|---|---|', ...rows].join('\n')
}
