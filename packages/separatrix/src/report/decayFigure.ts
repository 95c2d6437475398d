import type { Field } from '@separatrix/field'
import { type Trajectory, valueAlong } from '../study/trajectories.js'
import { linePlot } from './linePlot.js'
import type { PageFigure } from './page.js'

/** V along trajectories from the rim of a proved region. */
export const decayFigure = (V: Field, from: readonly Trajectory[], axis = 'time'): PageFigure => ({
  title: 'V falls along trajectories from the rim',
  svg: linePlot({
    id: 'decay',
    label: 'V along trajectories',
    axes: [axis, 'V'],
    logarithmic: true,
    lines: from.map((t) => ({
      curve: valueAlong(V, t).filter(([, v]) => v > 1e-9),
      tone: 'proved',
      weight: 1.2,
    })),
  }),
  caption: 'Simulated, not proved: the proof covers all trajectories at once.',
})
