import { readFileSync } from 'node:fs'
import { shipped } from './config/shipped.ts'

/** The version of wampd. */
export const version: string = JSON.parse(readFileSync(shipped('package.json'), 'utf8')).version
