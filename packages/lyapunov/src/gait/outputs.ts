import type { Builder, Ref } from '@separatrix/field/core'

/**
 * The five angles of the links in coordinates in which a gait is told: c = [bend of the stance knee, torso, direction
 * of the swing leg, bend of the swing knee] and the phase φ, the direction of the stance leg. A leg's direction is that
 * from foot to hip, for shins and thighs of one length the mean of their angles. All of it is linear, so that rates and
 * accelerations change alike.
 */
export function toLinks(b: Builder, c: Ref, phase: Ref): Ref {
  const [stance, torso, direction, swing] = [0, 1, 2, 3].map((i) => b.gather(c, [i]))
  const [half, other] = [stance, swing].map((bend) => b.mul(b.constant(0.5), bend))
  return b.concat([
    b.add(phase, half),
    b.sub(phase, half),
    torso,
    b.sub(direction, other),
    b.add(direction, other),
  ])
}

/** c and φ of the five angles, or of their rates. */
export function fromLinks(b: Builder, links: Ref): { readonly c: Ref; readonly phase: Ref } {
  const [shin, thigh, torso, swingThigh, swingShin] = [0, 1, 2, 3, 4].map((i) => b.gather(links, [i]))
  const mean = (x: Ref, y: Ref) => b.mul(b.constant(0.5), b.add(x, y))
  return {
    c: b.concat([b.sub(shin, thigh), torso, mean(swingThigh, swingShin), b.sub(swingShin, swingThigh)]),
    phase: mean(shin, thigh),
  }
}

/** Torques at the joints from generalised forces on the links; their sum has no motor and is 0 where it is right. */
export function toTorques(b: Builder, forces: Ref): Ref {
  const [shin, thigh, , swingThigh, swingShin] = [0, 1, 2, 3, 4].map((i) => b.gather(forces, [i]))
  return b.concat([shin, b.neg(b.add(shin, thigh)), b.neg(b.add(swingThigh, swingShin)), swingShin])
}
