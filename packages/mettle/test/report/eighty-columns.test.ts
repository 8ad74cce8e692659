import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { summariseComparison } from '../../src/derive/index.ts';
import type { Bundle, EvidenceKey, EvidenceMap, Result } from '../../src/evidence/index.ts';
import { displayWidth } from '../../src/report/printable.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { detectors, resultOf } from '../../src/run/index.ts';
import { benchBundle, benchEvidence } from '../builders/bench.ts';
import { grownSessions } from '../builders/compared-heaps.ts';
import { comparison } from '../builders/comparison.ts';
import { leakRun } from '../builders/heap.ts';
import { memoryWatch } from '../builders/memory-watch.ts';
import { outcome, probeEvidence } from '../builders/probe.ts';
import { came, pair, raced, says, steps, violation } from '../builders/race.ts';
import { server } from '../builders/server.ts';
import { bundle, result } from './builders.ts';
import { sampleBundle, sampleResult } from './sample.ts';

interface Told {
  readonly result: Result;
  readonly bundle: Bundle;
}

function saved(evidence: Partial<EvidenceMap>, examination: 'leak' | 'race' | 'probe'): Told {
  const whole: Bundle = {
    ...bundle(evidence),
    manifest: {
      ...bundle().manifest,
      examination,
      present: Object.keys(evidence) as EvidenceKey[],
      notes: ['A note that says something'],
    },
  };
  return { result: resultOf(whole, detectors), bundle: whole };
}

const bench = benchBundle(benchEvidence());
const compared: Result = {
  ...result(),
  comparison: {
    ...summariseComparison(comparison({ latency: 1.5, cpu: 1.5 })),
    caveats: ['export: only the baseline has it, so it was not compared.'],
  },
};
const SAVED = says('saved');
const LOST = violation({
  class: 'state',
  steps: steps(
    'A call',
    'A read memory.jsonl @53',
    'B call',
    'B write memory.jsonl @96',
    'A write memory.jsonl @96',
  ),
  outcome: came([SAVED, SAVED], { 'memory.jsonl': 'alpha' }),
  allowed: [came([SAVED, SAVED], { 'memory.jsonl': 'alpha beta' })],
});
const { target, exercise } = server().tool('order').evidence();
const KINDS: Readonly<Record<string, Told>> = {
  check: { result: sampleResult, bundle: sampleBundle },
  bench: { result: resultOf(bench, detectors), bundle: bench },
  'bench --compare': { result: compared, bundle: bundle() },
  leak: saved(leakRun().calls('open_session').grows({ bytesPerCall: 1422 }).evidence(), 'leak'),
  'leak --compare': saved({ heapComparison: grownSessions(400) }, 'leak'),
  'attach --memory': saved(
    {
      target,
      exercise,
      memoryWatch: memoryWatch()
        .rises({ heap: 6e6 })
        .keeps('remember', 'src/orders.js:12', [5, 4, 6, 5, 4, 5, 6, 5], 5.6e6)
        .watch(),
    },
    'leak',
  ),
  race: saved(
    raced({
      violations: [LOST],
      pairs: [
        pair(['save', 'save'], { worst: 'state', badTrials: 7 }),
        pair(['save', 'read'], { undecided: 'two runs of one order differ' }),
      ],
    }),
    'race',
  ),
  probe: saved(
    { probe: probeEvidence({ outcome: outcome({ stderrTail: ['Error: no such file'] }) }) },
    'probe',
  ),
};

/** Names of kinds and the like, which are ours and short; figures kept as text; and what must stay true to be found again. */
const LEFT_ALONE =
  /^(kind|status|severity|confidence|id|fingerprint|check|schema|mettle|node|startedAt|histogram|digest|era|examination|unit|per|present|class|worst|reset|metric|conclusion|standing|method|ended|phase|failedPhase|validTo|sessionEnd|bound|commit|verdict)$/;

/** The same with every text that comes from a server, a file system or a user made long: a path, and words behind it. */
function lengthened(value: unknown, key = '', within = ''): unknown {
  if (typeof value === 'string') {
    if (LEFT_ALONE.test(key) || LEFT_ALONE.test(within) || value === '') return value;
    if (/^(name|tool|subject|function|file|cwd|path|place|className|elementClass|package)$/.test(key))
      return `${value}/of-a-very-long-name-that-nobody-would-type-twice-but-somebody-did/${'deeper/'.repeat(6)}${value}`;
    return `${value} ${'and so on, at some length, '.repeat(8)}/srv/${'deeper/'.repeat(12)}index.ts:120:14`;
  }
  if (Array.isArray(value)) return value.map((each) => lengthened(each, key, within));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, lengthened(each, name, key)]));
}

describe('nothing is wider than 80 columns where it can be wrapped', () => {
  test.each(Object.entries(KINDS))('mettle %s, as it is and with all texts long', (_name, told) => {
    const long = { result: lengthened(told.result), bundle: lengthened(told.bundle) } as Told;
    for (const each of [told, long]) {
      const plain = renderTerminal(each.result, each.bundle, { color: false, width: 80 });
      const coloured = renderTerminal(each.result, each.bundle, { color: true, hyperlinks: true, width: 80 });
      expect(stripVTControlCharacters(coloured)).toBe(plain);
      // A word of a command that is to be copied stays whole.
      const commands = each.result.findings.flatMap(({ verify }) => verify.command.split(' '));
      const wide = plain
        .split('\n')
        .filter((line) => displayWidth(line) > 80)
        .filter((line) => !commands.some((word) => word.length > 60 && line.includes(word)));
      expect(wide).toEqual([]);
    }
  });
});
