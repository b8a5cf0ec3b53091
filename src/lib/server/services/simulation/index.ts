export { loadHistory, trickle } from './advance-simulation.ts';
export { createSimulationRunner, type SimulationRunner } from './simulation-runner.ts';
export { getSimulation, setTrickle } from './set-trickle.ts';
export { readState, type SimulationState } from './simulation-state.ts';
export { planSimulation, startSimulation } from './start-simulation.ts';
