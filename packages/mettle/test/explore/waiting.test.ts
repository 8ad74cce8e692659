import { expect, test } from 'vitest';
import type { Frame, RaceStep, TrialRecord } from '../../src/evidence/index.ts';
import { waitingAt } from '../../src/explore/search/scaling.ts';

const site = (line: number): Frame => ({ function: 'save', file: '/app/store.js', line, column: 1 });

function recorded(
  order: readonly (readonly [id: string, line: number | null, others: readonly string[]])[],
): TrialRecord {
  const steps = order.map(([id, line]): RaceStep => ({
    id,
    lane: id.slice(0, 1),
    kind: line === null ? 'call' : 'fs.write',
    phase: 'effect',
    resource: null,
    writes: false,
    detail: '',
    site: line === null ? null : site(line),
  }));
  return {
    status: 'done',
    steps,
    choices: order.map(([taken, , others]) => ({ taken, others, continues: null })),
    divergedAt: null,
    uncontrolled: [],
    virtualMs: 0,
    overlap: 1,
    longestSynchronousCpuMs: 0,
    peakSockets: 0,
    peakFiles: 0,
    peakThreadPoolJobs: 0,
  };
}

test('calls that have begun and can do nothing wait for what they do next', () => {
  const record = recorded([
    ['A#1', null, ['B#1', 'C#1']],
    ['B#1', null, ['C#1', 'A#2']],
    ['C#1', null, ['A#2']],
    ['A#2', 12, []],
    ['B#2', 12, []],
    ['C#2', 12, []],
  ]);
  expect(waitingAt(record)).toEqual([{ site: site(12), lanes: 2 }]);
});

test('calls that could go on wait for nothing', () => {
  const record = recorded([
    ['A#1', null, ['B#1']],
    ['B#1', null, ['A#2']],
    ['A#2', 12, ['B#2']],
    ['B#2', 12, []],
  ]);
  expect(waitingAt(record)).toEqual([]);
});
