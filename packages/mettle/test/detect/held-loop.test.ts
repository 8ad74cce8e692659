import { describe, expect, test } from 'vitest';
import { blockedEventLoop } from '../../src/detect/detectors/blocked-event-loop.ts';
import type { Stretch } from '../../src/evidence/index.ts';
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

  test('is no finding when less than a second of its own doing was seen: that may be a first call', () => {
    expect(
      blockedEventLoop.detect(
        cut(server().tool('search').called(1).blocks(700, { hostDelayMs: 4000 }).evidence(), 'both'),
      ),
    ).toEqual([]);
    expect(blockedEventLoop.detect(server().tool('search').called(1).blocks(2500).evidence())).toEqual([]);
  });
});
