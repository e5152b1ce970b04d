import { autobahnJsKinds } from './autobahn-js.ts'
import type { Client, ClientKind } from './client.ts'
import { pythonKinds } from './python.ts'
import { wampyKinds } from './wampy.ts'

/** Every client library with every serializer it has. */
export const allKinds: ClientKind[] = [...autobahnJsKinds, ...wampyKinds, ...pythonKinds]

/** For tests that need one client of each library: those that speak JSON. */
export const jsonKinds: ClientKind[] = allKinds.filter(({ name }) => name.endsWith('json'))

export async function closeAll(clients: Client[]) {
  await Promise.all(clients.map(client => client.close()))
}
