import { describe, expect, test } from 'vitest';
import type { Detector } from '../../src/evidence/index.ts';
import { detectors } from '../../src/detect/index.ts';
import { findingsOf, judge } from '../../src/run/verdicts.ts';
import { leakRun } from '../builders/heap.ts';
import { bundleWith, detectorThatFinds, exercised, finding } from './builders.ts';

const silent = (id: string, needs: Detector['needs'] = []): Detector => ({
  id,
  check: 'cpu',
  needs,
  detect: () => [],
  looked: () => `${id} looked`,
});

describe('verdicts', () => {
  test('a detector whose evidence is missing is skipped with the reason, never clear', () => {
    const checks = judge(bundleWith({}, { blocking: 'no agent: start the server with Mettle' }), [
      silent('blocked-event-loop', ['blocking']),
    ]);
    expect(checks.cpu).toEqual({ status: 'skipped', why: 'no agent: start the server with Mettle' });
  });

  test('nothing is said of evidence where the server was not reached at all', () => {
    const reach = {
      phases: [],
      failed: {
        phase: 'connect' as const,
        message: 'Nothing listens at http://127.0.0.1:9/.',
        stderrTail: [],
      },
    };
    expect(judge(bundleWith({ reach }), [silent('a', ['blocking', 'latency'])]).cpu).toEqual({
      status: 'skipped',
      why: 'the server was not reached',
    });
  });

  test('clear says what was looked at, and what was not', () => {
    const checks = judge(bundleWith({}, { blocking: 'no agent' }), [silent('a'), silent('b', ['blocking'])]);
    expect(checks.cpu).toEqual({ status: 'clear', looked: 'a looked; not looked for b: no agent' });
  });

  test('of two ways to look for leaks, the one that was not asked for is not missed', () => {
    const told = leakRun().calls('open').evidence();
    const { manifest, evidence } = bundleWith({ target: told.target, heapGrowth: told.heapGrowth });
    const checks = judge({ manifest: { ...manifest, examination: 'leak' }, evidence }, detectors);
    expect(checks.leak).toEqual({ status: 'clear', looked: expect.not.stringContaining('heap-growth') });
  });

  test('a detector that throws makes its check failed unless another found something', () => {
    const broken: Detector = {
      ...silent('broken'),
      detect: () => {
        throw new Error('off by one');
      },
    };
    expect(judge(bundleWith({}), [broken, silent('a')]).cpu).toMatchObject({
      status: 'failed',
      error: { message: 'broken: off by one' },
    });
    expect(judge(bundleWith({}), [broken, detectorThatFinds({ id: 'a', check: 'cpu' })]).cpu.status).toBe(
      'found',
    );
  });

  test('a CPU check without a call of a tool in the profile did not look', () => {
    const timed = { subjects: [{ subject: { name: 'read' }, latencyMs: { p50: 3000 } }] };
    const during = (...names: string[]): unknown => ({ subjects: names.map((name) => ({ name, calls: 4 })) });
    const checked = (blocking: unknown): unknown => {
      const evidence = {
        exercise: exercised([{ name: 'read', calls: 3, errors: 0 }]),
        latency: timed,
        blocking,
      } as unknown as Parameters<typeof bundleWith>[0];
      return judge(bundleWith(evidence), [silent('a')]).cpu;
    };
    expect(checked(during('tools/list'))).toMatchObject({
      status: 'skipped',
      why: expect.stringContaining('raise --budget'),
    });
    expect(checked(during('tools/list', 'read'))).toMatchObject({ status: 'clear' });
  });

  test('a held event loop has the fix of the finding that names its cause', () => {
    const checks = judge(bundleWith({}), [
      detectorThatFinds({ id: 'blocked-event-loop', check: 'cpu' }),
      detectorThatFinds({ id: 'large-json-parse', check: 'cpu' }),
    ]);
    expect(findingsOf(checks)[0]).toMatchObject({
      id: 'blocked-event-loop',
      fix: 'What holds it is `large-json-parse`: mend it',
    });
  });

  test('a check that no detector covers is skipped, not clear', () => {
    expect(judge(bundleWith({}), []).leak).toMatchObject({ status: 'skipped' });
  });

  test('tools that were listed but never called make a check skipped, with what to do', () => {
    const checks = judge(bundleWith({ exercise: exercised([{ name: 'drop', calls: 0, errors: 0 }]) }), [
      silent('a'),
    ]);
    expect(checks.cpu).toMatchObject({ status: 'skipped', why: expect.stringContaining('--allow-writes') });
  });

  test('tools whose every call failed are not judged healthy', () => {
    const checks = judge(bundleWith({ exercise: exercised([{ name: 'read', calls: 9, errors: 9 }]) }), [
      silent('a'),
    ]);
    expect(checks.cpu).toMatchObject({
      status: 'skipped',
      why: expect.stringContaining('every call of the 1 tools failed'),
    });
  });

  test('a detector that had evidence but nothing to judge is skipped, not clear', () => {
    const blind: Detector = { ...silent('a'), blind: () => 'no tool answered often enough' };
    expect(judge(bundleWith({}), [blind]).cpu).toEqual({
      status: 'skipped',
      why: 'no tool answered often enough',
    });
  });

  test('findings come worst first, over all checks', () => {
    const checks = judge(bundleWith({}), [
      { ...silent('x'), detect: () => [finding('minor', 'low'), finding('worst', 'critical')] },
      detectorThatFinds({ id: 'tail', check: 'latency', severity: 'medium' }),
    ]);
    expect(findingsOf(checks).map((one) => one.id)).toEqual(['worst', 'tail', 'minor']);
  });
});
