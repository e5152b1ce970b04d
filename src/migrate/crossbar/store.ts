import { type Context, dropKey, notNeeded } from '../context.ts'
import { literal, type Realm } from '../draft.ts'
import { type Given, shown } from '../given.ts'

/** The realm's event store: what it keeps, and where. */
export function storeOf(context: Context, given: Given, realm: Realm): void {
  const { draft, report } = context
  const store = given.dict('store')
  if (store === undefined) return
  const type = store.text('type')
  if (type?.value === 'memory') report.converted(type.at, 'realms[].store.type')
  else if (type !== undefined) {
    const path = store.text('path')
    const file = `${context.moved(path?.value ?? realm.name)}.mdb`
    realm.store = draft.from(store, { type: 'lmdb', path: file })
    const text = `is lmdb here, in a file of its own, ${shown(file)}; what is kept stays in the old one`
    report.changed(path?.at ?? type.at, text, 'realms[].store')
  }
  for (const key of ['maxsize', 'readonly', 'sync', 'id']) {
    notNeeded(context, store, key, 'the file grows as it must, and is written to disk at once')
  }
  for (const key of ['session-store', 'call-queue']) {
    const remedy =
      key === 'call-queue' ? 'concurrency and realms[].rpc.queue_limit do it' : undefined
    dropKey(store, key, 'is not kept in a store', remedy)
  }
  dropKey(store, 'limits', 'the store has no limits as a whole', 'see event_history[].max_bytes')
  const most = store.number('limit')
  if (most !== undefined) report.changed(most.at, 'counts for histories that have no limit')
  for (const one of store.list('event-history')) historyOf(context, one, realm, most?.value)
}

function historyOf(context: Context, given: Given, realm: Realm, most?: number): void {
  if (given.asDict() === undefined) return
  const uri = given.text('uri')
  if (uri === undefined) {
    given.drop('has no uri')
    return
  }
  const match = given.text('match')
  const limit = given.number('limit')?.value ?? most
  const history = {
    uri: literal(uri.value),
    ...(match === undefined ? {} : { match: literal(match.value) }),
    ...(limit === undefined ? {} : { limit }),
  }
  realm.event_history ??= []
  realm.event_history.push(context.draft.from(given, history))
  context.report.converted(given, 'realms[].event_history[]')
}
