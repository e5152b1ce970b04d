import { createInterface } from 'node:readline'

/**
 * A secret from standard input: one line, so that it stands in no history of a shell. On a terminal
 * it is asked for and not shown.
 */
export async function readSecret(what = 'secret'): Promise<string> {
  const { stdin, stderr } = process
  if (stdin.isTTY) stderr.write(`${what}: `)
  // Without an output readline echoes nothing, and in raw mode the terminal does not either.
  const lines = createInterface({ input: stdin, terminal: stdin.isTTY })
  try {
    for await (const line of lines) return line
    return ''
  } finally {
    lines.close()
    if (stdin.isTTY) stderr.write('\n')
  }
}
