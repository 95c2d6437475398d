import type { Method } from '../method.js'

/** A collocation method: its nodes are all there is to it. */
export interface CollocationOptions {
  readonly name: string
  readonly order: number
  readonly c: readonly number[]
  readonly source: string
}

export interface CollocationMethod extends Method, CollocationOptions {
  readonly family: 'collocation'
  readonly a: readonly (readonly number[])[]
  readonly b: readonly number[]
  readonly dense: { readonly order: number; readonly b: readonly (readonly number[])[] }
}
