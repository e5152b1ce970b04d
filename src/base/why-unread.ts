const REASONS: Record<string, string> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file',
  EACCES: 'no permission to read this file',
  EISDIR: 'is a folder',
}

/** Why a file cannot be read, in words. Node's own text has the path in it, variables and all. */
export function whyUnread(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? 'no reason known'
  return REASONS[code] ?? `cannot be read (${code})`
}
