// Runs TypeScript sources directly: `node --import ./scripts/register.mjs file.ts`.
import { register } from 'node:module'

register('./typescriptHooks.mjs', import.meta.url)
