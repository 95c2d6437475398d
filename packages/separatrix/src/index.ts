export * from '@separatrix/field'
