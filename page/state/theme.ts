import { effect, signal } from '@preact/signals'

const KEPT = 'wampd.theme'
const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const isTheme = (text: string | null): text is Theme => THEMES.some(theme => theme === text)
const kept = localStorage.getItem(KEPT)

export const theme = signal<Theme>(isTheme(kept) ? kept : 'system')
const systemIsDark = matching('(prefers-color-scheme: dark)')

/** Whether it is dark now, by choice or by what the system is set to. */
export const isDark = () =>
  theme.value === 'dark' || (theme.value === 'system' && systemIsDark.value)

/** Rows become cards. */
export const isNarrow = matching('(max-width: 640px)')

export function toggleTheme(): void {
  theme.value = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] as Theme
}

effect(() => {
  const root = document.documentElement
  if (theme.value === 'system') delete root.dataset.theme
  else root.dataset.theme = theme.value
  localStorage.setItem(KEPT, theme.value)
})

function matching(query: string) {
  const list = matchMedia(query)
  const matches = signal(list.matches)
  list.addEventListener('change', () => {
    matches.value = list.matches
  })
  return matches
}
