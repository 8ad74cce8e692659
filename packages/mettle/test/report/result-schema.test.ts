import { expect, test } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';
import { renderJson } from '../../src/report/json.ts';
import { complaintsAbout, resultIn } from '../builders/published-schemas.ts';
import { finding, found, result, toolResult } from './builders.ts';
import { sampleResult } from './sample.ts';

/*
 * Results of real runs are held against the schema where the commands are tested (test/cli/*-command.test.ts): resultIn.
 * That the schema is what the types say, scripts/schemas.mjs checks.
 */

test('the schema takes results with findings of every kind, and without', () => {
  expect(resultIn(renderJson(sampleResult)).findings.length).toBeGreaterThan(0);
  expect(resultIn(renderJson(result())).findings).toEqual([]);
});

test('a check that failed, and one that was skipped, are results too', () => {
  const failed = { status: 'failed', error: { message: 'no samples', stack: 'Error: no samples' } } as const;
  const skipped = { status: 'skipped', why: 'the server is remote' } as const;
  expect(resultIn(renderJson(result({}, { cpu: failed, leak: skipped }))).checks.cpu).toEqual(failed);
});

test('a field that a later version adds is no fault', () => {
  expect(complaintsAbout('result', { ...sampleResult, added: { later: true } })).toEqual([]);
});

const sick = finding();
const good = result({ findings: [sick], tools: [toolResult()] }, { cpu: found(sick) });
const plain = JSON.parse(renderJson(good)) as Result;

test.each<readonly [string, unknown]>([
  ['no object', []],
  ['another version', { ...plain, schema: 'mettle/result@2' }],
  ['no findings', { ...plain, findings: undefined }],
  ['a figure as text', { ...plain, durationMs: '41 s' }],
  ['no number where one was divided by nothing', { ...plain, tools: [{ ...plain.tools[0], calls: null }] }],
  ['a check left out', { ...plain, checks: { ...plain.checks, race: undefined } }],
  ['a verdict of no kind', { ...plain, checks: { ...plain.checks, race: { status: 'fine' } } }],
  ['a verdict without its reason', { ...plain, checks: { ...plain.checks, race: { status: 'skipped' } } }],
  ['a severity of no kind', { ...plain, findings: [{ ...sick, severity: 'fatal' }] }],
  ['a finding without its fix', { ...plain, findings: [{ ...sick, fix: undefined }] }],
  ['a picture of no kind', { ...plain, findings: [{ ...sick, evidence: [{ kind: 'photo', title: 'x' }] }] }],
])('refuses %s', (_what, broken) => {
  expect(complaintsAbout('result', plain)).toEqual([]);
  expect(complaintsAbout('result', JSON.parse(JSON.stringify(broken)))).not.toEqual([]);
});
