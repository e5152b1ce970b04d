import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { basename, delimiter, join, resolve } from 'node:path'

/** What a Dockerfile makes, in a plain folder. */
export interface Image {
  /** The folder that stands for `/`. */
  readonly root: string
  /** Where the program of a command is looked for, Node first. */
  readonly path: string
  readonly workdir: string
  readonly user: string
  readonly healthcheck: readonly string[]
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
}

interface Step {
  readonly instruction: string
  readonly text: string
}

/** The instructions of a Dockerfile, without comments and with continued lines in one. */
export function stepsOf(file: string): Step[] {
  const text = readFileSync(file, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
  const lines = text.split('\n').filter(line => line.trim() !== '')
  return lines.map(line => {
    const [, instruction, text] = /^([A-Z]+)\s+(.*)$/.exec(line) as unknown as [
      string,
      string,
      string,
    ]
    return { instruction, text }
  })
}

/** What `.dockerignore` lets through: it is a list of exceptions from everything. */
export function letThrough(): string[] {
  const lines = readFileSync('.dockerignore', 'utf8').split('\n')
  return lines.filter(line => line.startsWith('!')).map(line => line.slice(1))
}

/**
 * Takes the steps of a Dockerfile on this machine: a folder below `scratch` is the `/` of a stage,
 * and the base image is a Node. Throws where a step fails, or where what it copies is not there.
 */
export function plainBuild(file: string, scratch: string, node: string): Image {
  const bin = join(scratch, 'base', 'bin')
  mkdirSync(bin, { recursive: true })
  copyFileSync(node, join(bin, 'node'))
  const stages = new Map<string, string>()
  const image = { workdir: '/', user: '', healthcheck: [''], entrypoint: [''], command: [''] }
  let root = ''
  const inStage = (path: string) =>
    resolve(root + (path.startsWith('/') ? '' : image.workdir), `./${path}`)
  const path = () => [join(root, 'usr/local/bin'), bin, process.env.PATH].join(delimiter)

  for (const { instruction, text } of stepsOf(file)) {
    if (instruction === 'FROM') {
      root = join(scratch, `stage-${stages.size}`)
      stages.set(/ AS (\S+)$/.exec(text)?.[1] ?? '', root)
      for (const folder of ['usr/local/bin', 'tmp']) {
        mkdirSync(join(root, folder), { recursive: true })
      }
    } else if (instruction === 'WORKDIR') {
      image.workdir = text
      mkdirSync(inStage('.'), { recursive: true })
    } else if (instruction === 'COPY') {
      const [, stage, files] = /^(?:--from=(\S+) )?(.*)$/.exec(text) as unknown as string[]
      const sources = (files as string).split(' ')
      const target = sources.pop() as string
      for (const source of sources) {
        if (stage === undefined) copyFromContext(source, inStage(target))
        else copy(join(stages.get(stage) as string, source), inStage(target))
      }
    } else if (instruction === 'RUN') {
      const command = text.replace(/(?<=\s)\/(?=[a-z])/g, `${root}/`)
      // Only root gives files away.
      const mine = process.getuid?.() === 0 ? command : command.replace(/ -[og] \d+/g, '')
      // What has been fetched before is not asked for again.
      const env = { ...process.env, PATH: path(), npm_config_prefer_offline: 'true' }
      execFileSync('sh', ['-c', mine], {
        cwd: inStage('.'),
        env,
        stdio: ['ignore', 'ignore', 'pipe'],
      })
    } else if (instruction === 'USER') image.user = text
    else if (instruction === 'HEALTHCHECK') image.healthcheck = listIn(text)
    else if (instruction === 'ENTRYPOINT') image.entrypoint = listIn(text)
    else if (instruction === 'CMD') image.command = listIn(text)
    else if (!['ARG', 'ENV', 'EXPOSE'].includes(instruction)) {
      throw new Error(`what is ${instruction}?`)
    }
  }
  // A temporary folder is everybody's.
  chmodSync(join(root, 'tmp'), 0o1777)
  return { ...image, root, path: path() }
}

function copyFromContext(source: string, target: string): void {
  const isSent = letThrough().some(path => source === path || source.startsWith(`${path}/`))
  if (!isSent) throw new Error(`.dockerignore keeps ${source} from the builder`)
  copy(source, target)
}

/** As COPY does: a folder's contents, or a file, into a folder. */
function copy(source: string, target: string): void {
  const isFolder = statSync(source).isDirectory()
  const to = isFolder ? target : join(target, basename(source))
  cpSync(source, to, { recursive: true, verbatimSymlinks: true })
}

function listIn(text: string): string[] {
  return JSON.parse(text.slice(text.indexOf('[')))
}
