export { chooseRunner } from './runner.ts';
export type { ChosenRunner } from './runner.ts';
export { Trials } from './trials.ts';
