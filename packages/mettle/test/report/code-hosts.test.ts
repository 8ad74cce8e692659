import type { Log } from 'sarif';
import { describe, expect, it } from 'vitest';
import type { Bundle, Result } from '../../src/evidence/index.ts';
import { formats } from '../../src/report/index.ts';
import { bundle, finding, frame, result } from './builders.ts';
import { sampleBundle, sampleResult } from './sample.ts';

const options = { color: false, width: 80 };
const sarif = (from: Result, evidence: Bundle): Log =>
  JSON.parse(formats.sarif.render(from, evidence, options)) as Log;
const { target } = sampleBundle.evidence;
const inApp: Bundle = {
  ...bundle({}),
  evidence: target === undefined ? {} : { target: { ...target, cwd: '/srv/app' } },
};

describe('SARIF, for code scanning', () => {
  it('has a result per finding, each with a rule, a level and a place', () => {
    const [run] = sarif(sampleResult, sampleBundle).runs;
    const rules = run?.tool.driver.rules ?? [];
    expect(run?.results).toHaveLength(sampleResult.findings.length);
    for (const [i, one] of (run?.results ?? []).entries()) {
      expect(rules[one.ruleIndex ?? -1]?.id).toBe(one.ruleId);
      expect(one.ruleId).toBe(sampleResult.findings[i]?.id);
      expect(['error', 'warning', 'note']).toContain(one.level);
      expect(one.message.text).toContain(sampleResult.findings[i]?.title);
      expect(one.partialFingerprints).toEqual({ 'mettle/v1': sampleResult.findings[i]?.fingerprint });
      expect(one.locations).toHaveLength(1);
    }
  });

  it('names files from the top of the repository where the server is a package of it', () => {
    const one = finding({ location: { file: '/srv/app/src/a.ts', line: 3 } });
    const render = (format: 'sarif' | 'github', repository: string): string =>
      formats[format].render(result({ findings: [one] }), inApp, { ...options, repository });
    const log = JSON.parse(render('sarif', '/srv')) as Log;
    expect(log.runs[0]?.results?.[0]?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toBe(
      'app/src/a.ts',
    );
    expect(log.runs[0]?.originalUriBaseIds).toEqual({ '%SRCROOT%': { uri: 'file:///srv/' } });
    expect(render('github', '/srv')).toMatch(/^::\w+ file=app\/src\/a\.ts,line=3,/);
    // Started elsewhere than in the checkout of the job.
    expect(render('github', '/home/runner/work')).toMatch(/^::\w+ file=src\/a\.ts,line=3,/);
  });

  it('names files relative to the folder in which the server was started, encoded as URIs', () => {
    const odd = finding({ location: { file: 'file:///srv/app/src/a%20b%23.ts', line: 3, column: 7 } });
    const [run] = sarif(result({ findings: [odd] }), inApp).runs;
    const [place] = run?.results?.[0]?.locations ?? [];
    expect(place?.physicalLocation?.artifactLocation).toEqual({
      uri: 'src/a%20b%23.ts',
      uriBaseId: '%SRCROOT%',
    });
    expect(place?.physicalLocation?.region).toEqual({ startLine: 3, startColumn: 7 });
    expect(run?.originalUriBaseIds).toEqual({ '%SRCROOT%': { uri: 'file:///srv/app/' } });
  });

  it('puts a finding without a known line at the script that was started, and says so', () => {
    const nowhere = finding({ location: undefined });
    const started = result({ findings: [nowhere] });
    const log = sarif(
      {
        ...started,
        target: { ...started.target, command: ['node', '--enable-source-maps', './dist/server.js'] },
      },
      inApp,
    );
    const [one] = log.runs[0]?.results ?? [];
    expect(one?.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toBe('dist/server.js');
    expect(one?.message.text).toContain('No line of the source is known.');
  });

  it('keeps Node’s internals out of stacks', () => {
    const frames = [
      frame('pbkdf2Sync', 'node:internal/crypto/pbkdf2', 62),
      frame('deriveKey', '/srv/app/src/hash.ts', 12),
    ];
    const deep = finding({ evidence: [{ kind: 'stack', title: 'who held the loop', frames }] });
    const [run] = sarif(result({ findings: [deep] }), inApp).runs;
    expect(run?.results?.[0]?.stacks?.[0]?.frames).toHaveLength(1);
  });

  it('of a run without findings is a log without results', () => {
    expect(sarif(result({ findings: [] }), inApp).runs[0]?.results).toEqual([]);
  });
});

describe('annotations of a GitHub workflow', () => {
  it('stand at the line of each finding, grave ones as errors', () => {
    const text = formats.github.render(result({ findings: [finding()] }), inApp, options);
    expect(text).toBe(
      '::error file=src/hash.ts,line=12,col=20,title=blocked-event-loop in hash::hash holds the event loop for 48.3 ms in every call%0AFix: Move pbkdf2Sync off the main thread with offload() of @mettle/runtime, or use the asynchronous crypto.pbkdf2.%0AVerify: mettle check --tool hash -- node server.js\n',
    );
  });

  it('let no name of the server’s begin a command of its own', () => {
    const hostile = finding({ tool: 'x,y::z\n::set-output name=a::b', title: '50 %\n::error::gotcha' });
    const text = formats.github.render(result({ findings: [hostile] }), inApp, options);
    expect(text.split('\n').filter((line) => line !== '')).toHaveLength(1);
    expect(text).toContain(
      'title=blocked-event-loop in x%2Cy%3A%3Az %3A%3Aset-output name=a%3A%3Ab::50 %25 ::error::gotcha',
    );
  });
});
