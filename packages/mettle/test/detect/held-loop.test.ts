import { describe, expect, test } from 'vitest';
import { blockedEventLoop } from '../../src/detect/detectors/blocked-event-loop.ts';
import type { Stretch } from '../../src/evidence/index.ts';
import { CHILD_PROCESS } from '../builders/frames.ts';
import { server } from '../builders/server.ts';

type Evidence = Parameters<typeof blockedEventLoop.detect>[0];

/** The evidence with one end or both of every stretch unseen. */
function cut(evidence: Evidence, unseen: NonNullable<Stretch['unseen']>): Evidence {
  return {
    ...evidence,
    blocking: {
      ...evidence.blocking,
      stretches: evidence.blocking.stretches.map((stretch) => ({ ...stretch, unseen })),
    },
  };
}

describe('a loop that was held at the edge of what was watched', () => {
  test('is found though it was seen but once, with the tool where it is known', () => {
    const [finding, ...more] = blockedEventLoop.detect(
      cut(server().tool('search').called(1).blocks(2500).evidence(), 'end'),
    );
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      id: 'blocked-event-loop',
      tool: 'search',
      severity: 'critical',
      confidence: 'measured',
      location: { function: 'score' },
    });
    expect(finding?.title).toMatch(
      /^`search` held the event loop for at least 2,500 ms and had not ended when Mettle left, computing, at src\//,
    );
  });

  test('is nobody’s when it began before, and may have ended since', () => {
    const [finding] = blockedEventLoop.detect(
      cut(server().timerBlocks(1500, { times: 1 }).evidence(), 'start'),
    );
    expect(finding?.tool).toBeUndefined();
    expect(finding?.title).toMatch(
      /^What ran when Mettle came held the event loop for at least 1,500 ms, computing/,
    );
  });

  test('is found in the midst of the watch too where the server had long been running: that was no first call', () => {
    const evidence = server()
      .tool('export')
      .called(9)
      .blocks(3, { waitMs: 4000, times: 1, stack: CHILD_PROCESS })
      .evidence();
    expect(blockedEventLoop.detect(evidence)).toEqual([]);
    const agent = { attached: true, pid: 1, node: 'v24.0.0', instruments: [], late: true } as const;
    const findings = blockedEventLoop.detect({ ...evidence, target: { ...evidence.target, agent } });
    expect(findings.map((finding) => finding.title)).toEqual([
      '`export` held the event loop for 4,003 ms, waiting in execFileSync, at src/tools.js:61',
    ]);
  });

  test('is not reported twice where it recurs', () => {
    const evidence = cut(server().tool('search').called(3).blocks(2500).evidence(), 'end');
    expect(blockedEventLoop.detect(evidence)).toHaveLength(1);
  });

  test('is no finding when less than a second of its own doing was seen: that may be a first call', () => {
    expect(
      blockedEventLoop.detect(
        cut(server().tool('search').called(1).blocks(700, { hostDelayMs: 4000 }).evidence(), 'both'),
      ),
    ).toEqual([]);
    expect(blockedEventLoop.detect(server().tool('search').called(1).blocks(2500).evidence())).toEqual([]);
  });
});
