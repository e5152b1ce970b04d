import type { FunctionComponent } from 'preact'
import type { IconName } from '../parts/icon.tsx'
import { ConsoleView } from './console.tsx'
import { OverviewView } from './overview.tsx'
import { RealmsView } from './realms.tsx'
import { RegistrationsView } from './registrations.tsx'
import { SessionsView } from './sessions.tsx'
import { SlowView } from './slow.tsx'
import { SubscriptionsView } from './subscriptions.tsx'
import { TraceView } from './trace.tsx'

interface View {
  /** In the address. */
  readonly name: IconName
  readonly title: string
  readonly Shown: FunctionComponent
}

/** All views, in the order of the navigation and of their number keys. */
export const VIEWS: readonly View[] = [
  { name: 'overview', title: 'Overview', Shown: OverviewView },
  { name: 'realms', title: 'Realms', Shown: RealmsView },
  { name: 'sessions', title: 'Sessions', Shown: SessionsView },
  { name: 'registrations', title: 'Registrations', Shown: RegistrationsView },
  { name: 'subscriptions', title: 'Subscriptions', Shown: SubscriptionsView },
  { name: 'slow', title: 'Slow consumers', Shown: SlowView },
  { name: 'trace', title: 'Trace', Shown: TraceView },
  { name: 'console', title: 'Console', Shown: ConsoleView },
]
