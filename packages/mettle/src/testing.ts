export { expectNoLeak, LeakError } from './run/leak/in-test/expect-no-leak.ts';
export type { LeakCall, NoLeak, NoLeakOptions } from './run/leak/in-test/expect-no-leak.ts';
