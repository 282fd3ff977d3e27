// Starts the design system's components. Every page works without this file; passkeys aside.
import { initAll } from './govuk-frontend.min.js'
import './passkeys.mjs'
import './ending.mjs'
import './closing.mjs'

initAll()
