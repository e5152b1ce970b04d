export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
/** From which weight on lines are written. */
export type LogLevel = (typeof LOG_LEVELS)[number]
