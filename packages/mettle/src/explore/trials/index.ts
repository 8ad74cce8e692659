export { chooseRunner } from './runner.ts';
export type { ChosenRunner } from './runner.ts';
export { Trials } from './trials.ts';
export type { TrialsOptions } from './trials.ts';
export type { RaceState } from './working-copy.ts';
