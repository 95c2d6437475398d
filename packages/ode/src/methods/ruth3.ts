import { defineSplitting } from '../symplectic/splitting.js'

/** Ruth's symplectic method of order 3. */
export const ruth3 = defineSplitting({
  name: 'ruth3',
  order: 3,
  substeps: [
    ['kick', 7 / 24],
    ['drift', 2 / 3],
    ['kick', 3 / 4],
    ['drift', -2 / 3],
    ['kick', -1 / 24],
    ['drift', 1],
  ],
  source: 'Ruth, IEEE Trans. Nucl. Sci. 30 (1983), doi:10.1109/TNS.1983.4332919',
})
