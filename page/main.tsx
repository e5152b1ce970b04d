import './styles/main.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { watch } from './state/overview.ts'
import { followAddress } from './state/route.ts'
import { takeFromAddress } from './state/token.ts'

takeFromAddress()
followAddress()
addEventListener('hashchange', () => {
  takeFromAddress()
  followAddress()
})
watch()
render(<App />, document.body)
