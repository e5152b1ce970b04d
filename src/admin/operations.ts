import type { Operation } from './operation.ts'
import { messages } from './operations/messages.ts'
import { realms } from './operations/realms.ts'
import { registrations } from './operations/registrations.ts'
import { router } from './operations/router.ts'
import { sessions } from './operations/sessions.ts'
import { subscriptions } from './operations/subscriptions.ts'
import { trace } from './operations/trace.ts'

/** All that can be asked below `/api`. */
export const OPERATIONS: readonly Operation[] = [
  ...[router, realms, sessions, registrations, subscriptions, messages, trace].flat(),
]
