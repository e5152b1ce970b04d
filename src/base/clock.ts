/** A timer that can be called off. */
export interface Timer {
  cancel(): void
}

/** Time comes in by the door, so that tests need not wait. All figures are milliseconds. */
export interface Clock {
  now(): number
  /** Time since some moment, to measure with: in parts of milliseconds, and it never goes back. */
  elapsed(): number
  after(delay: number, run: () => void): Timer
  every(period: number, run: () => void): Timer
}

/** The clock of the machine. Its timers do not keep the process alive: the listeners do. */
export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  after(delay, run) {
    const timer = setTimeout(run, delay)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  every(period, run) {
    const timer = setInterval(run, period)
    timer.unref()
    return { cancel: () => clearInterval(timer) }
  },
}
