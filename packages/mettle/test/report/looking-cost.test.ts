import { describe, expect, test } from 'vitest';
import type { LookingCost } from '../../src/evidence/index.ts';
import { renderHtml } from '../../src/report/html/page.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { bundle, result } from './builders.ts';

const measured: LookingCost = {
  measured: true,
  subject: 'noop',
  pairs: 12,
  callsPerWindow: 300,
  inFlight: 8,
  samplingIntervalMs: 1,
  offUs: 41.3,
  addedUs: { median: 21.6, low: 18.2, high: 25.4 },
  factor: 1.523,
};
const SENTENCE =
  'Looking cost 22 µs of CPU a call (18 to 25), ×1.52 on noop, which takes 41 µs without: median of 12 windows with the profiler (one sample every 1 ms), each between two without.';

const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ');
const terminal = (lookingCost?: LookingCost): string =>
  inOneLine(
    renderTerminal({ ...result(), ...(lookingCost === undefined ? {} : { lookingCost }) }, bundle(), {
      color: false,
      width: 80,
    }),
  );

describe('what looking cost', () => {
  test('stands in the terminal report and on the page', () => {
    expect(terminal(measured)).toContain(SENTENCE);
    expect(inOneLine(renderHtml({ ...result(), lookingCost: measured }, bundle()))).toContain(SENTENCE);
  });

  test('is said to be unknown when it was not measured', () => {
    expect(terminal({ measured: false, why: 'there was time for 2 of the 6 pairs' })).toContain(
      'What looking cost was not measured: there was time for 2 of the 6 pairs.',
    );
  });

  test('is not spoken of when nothing was profiled', () => {
    expect(terminal()).not.toMatch(/looking cost/i);
  });
});
