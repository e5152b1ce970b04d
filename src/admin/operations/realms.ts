import Type, { type Static } from 'typebox'
import { operation } from '../operation.ts'

const row = Type.Object({
  name: Type.String(),
  sessions: Type.Integer(),
  subscriptions: Type.Integer(),
  registrations: Type.Integer(),
  calls: Type.Integer({ description: 'Calls that are not answered yet.' }),
  refused: Type.Integer({ description: 'What limits have refused since the start.' }),
  roles: Type.Array(Type.String()),
})

export type RealmRow = Static<typeof row>

export const realms = [
  operation({
    id: 'listRealms',
    method: 'GET',
    path: '/realms',
    about: 'All realms, and how much each has.',
    parameters: Type.Object({}),
    answer: Type.Object({
      rows: Type.Array(row),
    }),
    run: house => ({
      rows: [...house.realms()].map(realm => {
        return { name: realm.name, ...realm.load, roles: realm.roleNames }
      }),
    }),
  }),
]
