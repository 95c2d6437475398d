export { reservedNames } from './build/parse.js'
export { expression, type SystemOptions, system } from './build/system.js'
export * from './core.js'
