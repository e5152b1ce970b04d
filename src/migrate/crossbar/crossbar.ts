import { type Context, notNeeded } from '../context.ts'
import { type Given, shown } from '../given.ts'
import { own } from '../own.ts'
import { realmsOf } from './realms.ts'
import { finish, transportsOf } from './transports.ts'

/** A Crossbar.io node: its routers, and the proxies before them, become one router. */
export function crossbar(context: Context, node: Given): void {
  const { report } = context
  notNeeded(context, node, '$schema', 'wampd has a schema of its own: wampd schema')
  const version = node.number('version')
  if (version !== undefined) report.converted(version.at, 'version')
  const controller = node.get('controller')
  if (controller?.isEmpty) controller.leave()
  else controller?.drop('there is no controller', 'wampd status, reload, drain and stop steer it')
  const workers = node.list('workers').filter(worker => worker.asDict() !== undefined)
  // All realms first: proxies and users name those of other workers.
  const routers = workers
    .filter(worker => typeOf(worker) === 'router')
    .map(worker => ({ worker, realms: realmsOf(context, worker) }))
  const isLimited = routers.filter(({ realms }) => realms.length > 0).length > 1
  const all = routers.flatMap(({ realms }) => realms)
  for (const worker of workers) {
    const router = routers.find(one => one.worker === worker)
    if (router !== undefined) routerOf(context, worker, router.realms, isLimited)
    else if (typeOf(worker) === 'proxy') proxyOf(context, worker, all, isLimited)
    else dropOther(worker)
  }
  finish(context)
}

function typeOf(worker: Given): unknown {
  return worker.text('type')?.value
}

function routerOf(
  context: Context,
  worker: Given,
  realms: readonly string[],
  isLimited: boolean,
): void {
  processOf(context, worker)
  transportsOf(context, worker, realms, isLimited)
  for (const component of worker.list('components')) dropComponent(component)
  const links = 'connections to other routers are not made'
  const remedy = 'run a client of both that forwards what is wanted'
  for (const key of ['connections', 'rlinks']) worker.get(key)?.drop(links, remedy)
}

/** A proxy takes connections for routers behind it: its ports are those of the one router here. */
function proxyOf(
  context: Context,
  worker: Given,
  all: readonly string[],
  isLimited: boolean,
): void {
  const { report } = context
  processOf(context, worker)
  const routes = worker.get('routes')
  const named = new Set(routes?.isDict ? routes.entries().map(([realm]) => realm) : all)
  const realms = all.filter(realm => named.has(realm))
  for (const key of ['routes', 'connections']) {
    const found = worker.get(key)
    found?.settle()
    if (found !== undefined) report.changed(found, 'one process does all: no proxy is needed')
  }
  transportsOf(context, worker, realms, isLimited || realms.length < all.length)
}

/** What a worker says of its process. */
function processOf(context: Context, worker: Given): void {
  notNeeded(context, worker, 'id', 'there are no workers')
  notNeeded(context, worker, 'options', 'is for a process of Crossbar: wampd has one of its own')
  const manhole = worker.get('manhole')
  if (manhole?.isEmpty) manhole.leave()
  else manhole?.drop('there is no shell into the router', 'wampd status tells')
}

/** A component within the router: in wampd a client like others. */
function dropComponent(component: Given): void {
  const role = component.isDict ? component.text('role')?.value : undefined
  const whose = role === undefined ? 'the role it needs' : `the role ${shown(role)}`
  const remedy = `run it as a process of its own, with credentials for ${whose}`
  component.drop('runs within Crossbar’s router', remedy)
}

/** Workers that are no routers. */
const OTHERS: Readonly<Record<string, string>> = {
  guest: 'wampd starts no other programs',
  container: 'wampd hosts no components',
}

function dropOther(worker: Given): void {
  const type = String(typeOf(worker) ?? 'none')
  const text = own(OTHERS, type)
  const remedy = 'run it by systemd or as a container of its own; it connects as a client'
  if (text === undefined) worker.drop(`wampd has no worker of type ${shown(type)}`)
  else worker.drop(text, remedy)
}
