import { type MetaProcedure, type MetaRealm, textOf } from './meta.ts'

/** `wampd.authorizer.purge`: our own; has authorizers asked anew, for one authid or for all. */
export function authorizerProcedures({ members }: MetaRealm): [string, MetaProcedure][] {
  return [
    [
      'wampd.authorizer.purge',
      (_, args) => {
        const authid = args[0] ?? undefined
        const wanted = authid === undefined ? undefined : textOf(authid, 'authid')
        const meant = [...members.values()].filter(
          one => one.forget !== undefined && (wanted === undefined || one.authid === wanted),
        )
        for (const one of meant) one.forget?.()
        return [meant.length]
      },
    ],
  ]
}
