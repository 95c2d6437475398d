import { closeLoop, expression, network, system } from '@separatrix/field'
import { type Field, lieDerivative } from '@separatrix/field/core'
import { checkCertificate, reachAvoidStay, regionOfAttraction } from '@separatrix/lyapunov'
import { boxSpeed } from './boxSpeed.js'
import { coupledPendula, neuralCandidate, oscillator, oscillatorDomain } from './certifyCases.js'
import { box, certifyTable, regulated } from './certifyTable.js'
import { milliseconds, type Row, report } from './harness.js'

const vanDerPol = system({ state: ['x', 'y'], dynamics: { x: '-y', y: 'x - (1 - x^2)*y' } })
const V = expression('1.5*x^2 - x*y + y^2', ['x', 'y'])

const pendulum = system({
  state: ['theta', 'omega'],
  input: ['u'],
  params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
  dynamics: { theta: 'omega', omega: '(g/l)*sin(theta) - b/(m*l^2)*omega + u/(m*l^2)' },
})

/** The regulated pendulum with an odd tanh network beside its regulator. */
function neural(): { field: Field; V: Field } {
  const { field, V: cost } = regulated(pendulum)
  const open = system({
    state: ['theta', 'omega'],
    input: ['w'],
    params: { g: 9.81, l: 0.5, m: 0.15, b: 0.1 },
    dynamics: {
      theta: 'omega',
      omega:
        '(g/l)*sin(theta) - b/(m*l^2)*omega + (w - 1.977252340916057*theta - 0.976240644822852*omega)/(m*l^2)',
    },
  })
  const net = network({ widths: [2, 16, 1], activation: 'tanh', seed: 5, bias: false, outputGain: 0.05 })
  return { field: closeLoop(open, net), V: field.stateSize === 2 ? cost : V }
}

/** Checks a certificate, which has to be valid. */
function check(certificate: unknown): void {
  const { valid, reason } = checkCertificate(certificate)
  if (!valid) throw new Error(`the checker refuses: ${reason}`)
}

/** `pnpm bench certify`: how fast regions are proved and certificates checked. */
export async function bench(): Promise<boolean> {
  const rows: Row[] = boxSpeed(lieDerivative(V, vanDerPol))
  const van = { field: vanDerPol, V, domain: box(2.5, 3.5) }
  const region = regionOfAttraction(van)
  rows.push(
    {
      figure: 'Van der Pol, bracket of c*',
      value: region.level[1] / region.level[0] - 1,
      goal: { most: 1e-3 },
    },
    {
      figure: 'Van der Pol, one run',
      value: milliseconds(() => regionOfAttraction(van)),
      unit: 'ms',
      goal: { most: 200 },
    },
    {
      figure: 'Van der Pol, check',
      value: milliseconds(() => check(region.certificate), 3),
      unit: 'ms',
    },
  )
  const net = { ...neural(), domain: box(1.5, 8) }
  const netRegion = regionOfAttraction(net)
  rows.push(
    {
      figure: 'pendulum with 2-16-1 tanh, one run',
      value: milliseconds(() => regionOfAttraction(net)),
      unit: 'ms',
      goal: { most: 2000 },
      note: `level ${netRegion.level[0].toPrecision(4)}`,
    },
    {
      figure: 'pendulum with 2-16-1 tanh, check',
      value: milliseconds(() => check(netRegion.certificate), 3),
      unit: 'ms',
      goal: { most: 1000 },
    },
  )
  rows.push(...certifyTable())
  const chain = { ...coupledPendula(5), domain: box(...new Array(10).fill(1)) }
  const chainRegion = regionOfAttraction(chain)
  rows.push({
    figure: 'five coupled pendula, 10 states, one run',
    value: milliseconds(() => regionOfAttraction(chain), 3),
    unit: 'ms',
    goal: { most: 1000 },
    note: `level ${chainRegion.level[0].toPrecision(4)} of ${chainRegion.level[1].toPrecision(4)}`,
  })
  const neuralV = { field: oscillator, V: await neuralCandidate(), domain: oscillatorDomain }
  for (const level of [0.5, 0.7]) {
    const verdict = reachAvoidStay({ ...neuralV, level, inner: 0.05 })
    rows.push({
      figure: `V = 2-30-30-1 tanh, V̇ < 0 from ${level} to 0.05`,
      value: milliseconds(() => reachAvoidStay({ ...neuralV, level, inner: 0.05 }), 3),
      unit: 'ms',
      goal: { most: 1000 },
      note: `${verdict.kind}, ${verdict.stats.boxes} boxes`,
    })
    if (verdict.kind === 'proved')
      rows.push({
        figure: `V = 2-30-30-1 tanh, check of level ${level}`,
        value: milliseconds(() => check(verdict.certificate), 1),
        unit: 'ms',
        goal: { most: 5000 },
      })
  }
  return report('certify', rows)
}
