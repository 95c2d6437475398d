import type { Field } from '@separatrix/field'
import { build, type Parameters } from './plant.js'

/** kg, kg m², kg m², kg m², m/s² (Luukkonen 2011, table 1) */
const params = { m: 0.468, Ix: 4.856e-3, Iy: 4.856e-3, Iz: 8.801e-3, g: 9.81 }

/**
 * A quadrotor in space: position, roll–pitch–yaw angles (z-y-x), velocity in the world and body rates p, q, r; the
 * inputs are the total thrust less m g (N) and three torques (N m), so that hovering is u = 0. The kinematics
 * are singular at a pitch of ±π/2. State [x, y, z, roll, pitch, yaw, vx, vy, vz, p, q, r]. Beard, "Quadrotor dynamics and
 * control", 2008, eq. 16–19; parameters of Luukkonen, "Modelling and control of quadcopter", 2011.
 * @example linearize(quadrotor({ m: 1 })).B
 */
export function quadrotor(changes: Parameters<typeof params> = {}): Field {
  const lift = '(g + thrust/m)'
  return build(
    {
      name: 'quadrotor',
      state: ['x', 'y', 'z', 'roll', 'pitch', 'yaw', 'vx', 'vy', 'vz', 'p', 'q', 'r'],
      input: ['thrust', 'tauX', 'tauY', 'tauZ'],
      params,
      dynamics: {
        x: 'vx',
        y: 'vy',
        z: 'vz',
        roll: 'p + (q*sin(roll) + r*cos(roll)) * tan(pitch)',
        pitch: 'q*cos(roll) - r*sin(roll)',
        yaw: '(q*sin(roll) + r*cos(roll)) / cos(pitch)',
        vx: `${lift} * (cos(roll)*sin(pitch)*cos(yaw) + sin(roll)*sin(yaw))`,
        vy: `${lift} * (cos(roll)*sin(pitch)*sin(yaw) - sin(roll)*cos(yaw))`,
        vz: 'cos(roll)*cos(pitch)*thrust/m + g*(cos(roll)*cos(pitch) - 1)',
        p: '((Iy - Iz)*q*r + tauX) / Ix',
        q: '((Iz - Ix)*p*r + tauY) / Iy',
        r: '((Ix - Iy)*p*q + tauZ) / Iz',
      },
    },
    changes,
  )
}
