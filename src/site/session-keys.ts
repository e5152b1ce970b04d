import Type from 'typebox'
import { about } from '../base/keys.ts'
import type { EndpointOptions } from './entrance.ts'

/** Keys of a service where sessions begin: each stands for that of the transport. */
export const sessionKeys = {
  auth: Type.Optional(
    Type.Array(Type.String(), {
      minItems: 1,
      ...about(
        "The authenticators that let clients in here. Without the key, the transport's.",
        'live',
      ),
    }),
  ),
  realms: Type.Optional(
    Type.Array(
      Type.String(),
      about("The realms that can be joined here. Without the key, the transport's.", 'live'),
    ),
  ),
}

/** What is offered to the sessions of a service: as the transport has it, save what its keys say. */
export function optionsAt(
  { auth, realms }: Pick<EndpointOptions, 'auth' | 'realms'>,
  options: EndpointOptions,
): EndpointOptions {
  return {
    ...options,
    ...(auth === undefined ? {} : { auth }),
    ...(realms === undefined ? {} : { realms }),
  }
}
