export * from '@separatrix/adjoint'
export * from '@separatrix/field'
// both of these packages have a Trace: the recorded steps of a solve, and how a flow takes the trace of a Jacobian
export type { Trace as FlowTrace } from '@separatrix/flows'
export * from '@separatrix/flows'
export * from '@separatrix/lyapunov'
export type { Trace } from '@separatrix/ode'
export * from '@separatrix/ode'
