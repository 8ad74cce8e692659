export { laneIndex, laneOfIndex, refusals, saidBy } from './answers.ts';
export { crowdsOf, isWell, longestHeldMs, longestJobMs, queueOf, type Crowd, type Queue } from './crowds.ts';
export { faultOf, type RaceFault, type RacePattern } from './faults.ts';
export { matrixOf, type MatrixCell } from './matrix.ts';
export { partsOf, type StatePiece } from './states.ts';
export { timelineOf } from './timeline.ts';
