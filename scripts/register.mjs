// Runs TypeScript sources directly: `node --import ./scripts/register.mjs file.ts`.
import { register } from 'node:module'
import { pathToFileURL } from 'node:url'

register('ts-node/esm', pathToFileURL('./'))
