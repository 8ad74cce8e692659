export { expectNoLeak, LeakError } from './run/leak/in-test/expect-no-leak.ts';
export type { LeakCall, NoLeak, NoLeakOptions } from './run/leak/in-test/expect-no-leak.ts';
export { race, RaceError } from './run/race/in-test/race.ts';
export type { NoRace } from './run/race/in-test/race.ts';
export { call } from './run/race/in-test/scenario.ts';
export type {
  RaceAnswerSeen,
  RaceOutcomeSeen,
  RaceScenario,
  RaceServer,
  TestCall,
} from './run/race/in-test/scenario.ts';
export type { Together } from './run/race/in-test/together.ts';
