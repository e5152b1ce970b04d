import type { Dict } from './payload.ts'

/** The keys of payload passthru mode (WAMP, "Payload Passthru Mode"). */
const KEYS = ['ppt_scheme', 'ppt_serializer', 'ppt_cipher', 'ppt_keyid'] as const

/**
 * What a message says of a payload that is not for the router to read, to be passed on as it is;
 * null where the mode is off, which it is without a scheme.
 */
export function passthruOf(options: Dict): Dict | null {
  if (typeof options.ppt_scheme !== 'string' || options.ppt_scheme === '') return null
  const found: Dict = {}
  for (const key of KEYS) {
    const value = options[key] ?? undefined
    if (value !== undefined) found[key] = value
  }
  return found
}
