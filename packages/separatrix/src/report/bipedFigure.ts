import * as Plot from '@observablehq/plot'
import { interpret } from '@separatrix/field'
import { bipedJoints, type Walk } from '@separatrix/lyapunov'
import { colors, figure } from './figure.js'

/** Coordinates of stance foot, stance knee, hip, head, swing knee, swing foot; then the way walked is added. */
type Joints = readonly (readonly [number, number])[]

/** Sticks of the first steps of a walk, side by side as it goes; the leg that starts as stance leg is drawn strongly. */
export function bipedFigure(
  { t, states, impacts }: Walk,
  {
    id,
    label,
    steps,
    perStep,
  }: { readonly id: string; readonly label: string; readonly steps: number; readonly perStep: number },
): string {
  const field = bipedJoints()
  const ends = [0, ...impacts.slice(0, steps).map((impact) => impact.t)]
  const poses: { readonly joints: Joints; readonly swapped: boolean }[] = []
  let way = 0
  for (let k = 0; k + 1 < ends.length; k++) {
    const inside = Array.from(t.keys()).filter((i) => t[i] >= ends[k] && t[i] < ends[k + 1])
    for (let m = 0; m < perStep; m++) {
      const at = states[inside[Math.floor((m * inside.length) / perStep)]]
      poses.push({ joints: joints(interpret(field, 0, at), way), swapped: k % 2 === 1 })
    }
    const struck = interpret(field, 0, impacts[k].before)
    way += struck[10]
  }
  const right = way + 0.5
  const bones = poses.flatMap(({ joints: [foot, knee, hip, head, swingKnee, swingFoot], swapped }, pose) => {
    const leg = (list: Joints, own: boolean) =>
      list.map(([x, z]) => ({ x, z, bone: `${pose}-${own}`, tone: own ? colors.proved : colors.compared }))
    return [
      ...leg([foot, knee, hip], !swapped),
      ...leg([hip, swingKnee, swingFoot], swapped),
      ...[hip, head].map(([x, z]) => ({ x, z, bone: `${pose}-torso`, tone: colors.ink })),
    ]
  })
  const heads = poses.map(({ joints }) => joints[3])
  return figure(id, label, {
    width: 640,
    height: 300,
    marginLeft: 34,
    marginRight: 8,
    marginTop: 10,
    marginBottom: 40,
    aspectRatio: 1,
    x: { domain: [-0.5, right], label: 'm', labelArrow: 'none', ticks: 6 },
    y: { domain: [0, 1.6], label: null, ticks: 4 },
    marks: [
      Plot.ruleY([0], { stroke: colors.quiet }),
      Plot.line(bones, {
        x: 'x',
        y: 'z',
        z: 'bone',
        stroke: 'tone',
        strokeWidth: 1.6,
        strokeLinejoin: 'round',
      }),
      Plot.dot(
        heads.map(([x, z]) => [x, z + 0.05] as const),
        { r: 4, fill: colors.ink },
      ),
    ],
  })
}

function joints(values: Float64Array, way: number): Joints {
  return Array.from({ length: 6 }, (_, k) => [values[2 * k] + way, values[2 * k + 1]] as const)
}
