import { formatPlace, packageOf } from '../../../derive/frames.ts';
import { leaksOf, undecidedOf } from '../../../derive/leaks/index.ts';
import { detectors } from '../../../detect/index.ts';
import type {
  Finding,
  Frame,
  HeapGrowth,
  HeapGrowthEvidence,
  TargetEvidence,
} from '../../../evidence/index.ts';

/** Test runners keep logs, results and the calls of mocks; nobody's server does. */
const RUNNERS =
  /^(?:vitest|@vitest\/.*|tinyspy|tinypool|vite|vite-node|jest|jest-.*|@jest\/.*|babel-jest|ts-jest|mocha|chai|expect|sinon)$/;
const RUNNERS_OF_NODE = /^(?:module )?node:(?:internal\/)?test(?:_runner)?\b/;

/** The evidence without what is not the calls' doing: what grows by itself, and what a test runner keeps. */
export function ofTheCalls(evidence: HeapGrowthEvidence): HeapGrowthEvidence {
  return {
    ...evidence,
    growths: evidence.growths.filter(
      (growth) => (growth.subject ?? growth.startedBy) !== null && !isRunners(growth),
    ),
    trends: evidence.trends.filter(({ subject, kind }) => subject !== null && kind !== 'rss'),
    handles: evidence.handles.filter(({ subject }) => subject !== null),
  };
}

function isRunners({ owner, path }: HeapGrowth): boolean {
  const files = [owner?.file ?? '', ...path.slice(0, 1).map((step) => step.replace(/^module /, ''))];
  return files.some((file) => RUNNERS.test(packageOf(file) ?? '') || RUNNERS_OF_NODE.test(file));
}

/** What the calls leave behind for good, by the detectors of `mettle leak`. */
export function leakFindings(evidence: HeapGrowthEvidence, target: TargetEvidence): readonly Finding[] {
  if (leaksOf(evidence).length === 0) return [];
  return detectors
    .filter(({ needs }) => needs.includes('heapGrowth'))
    .flatMap((detector) => detector.detect({ heapGrowth: evidence, target } as never));
}

/** What the message is about besides. */
export interface Told {
  readonly calls: number;
  readonly cwd: string;
  /** Whether a file is Mettle's own, which made the calls. */
  readonly isOurs: (file: string) => boolean;
}

/** For the person who reads why the test failed. */
export function leakMessage(findings: readonly Finding[], { calls, cwd, isOurs }: Told): string {
  const many = findings.length === 1 ? 'A leak' : `${findings.length} leaks`;
  const blocks = findings.map((finding, i) => {
    const path = finding.evidence.find(({ kind }) => kind === 'retaining-path');
    const stack = finding.evidence.find(({ kind }) => kind === 'stack');
    return [
      `${i + 1}. ${finding.title} (${finding.id})`,
      ...(path?.kind === 'retaining-path' ? [`   held by: ${path.steps.join(' → ')}`] : []),
      ...(stack?.kind === 'stack'
        ? stack.frames
            .filter(({ file }) => file !== '' && !file.startsWith('node:') && !isOurs(file))
            .slice(0, FRAMES)
            .map((frame) => `   at ${placeOf(frame, cwd)}`)
        : []),
      `   fix: ${finding.fix}`,
    ].join('\n');
  });
  return `${many} in ${calls.toLocaleString('en-US')} calls: what they leave behind grows and does not end.\n\n${blocks.join('\n\n')}\n`;
}

function placeOf(frame: Frame, cwd: string): string {
  return `${frame.function === '' ? 'a function' : frame.function} (${formatPlace(frame, cwd)}:${frame.column})`;
}

const FRAMES = 4;

/** What may be a leak and could not be decided; null when there is none. */
export function undecidedMessage(evidence: HeapGrowthEvidence, budgetMs: number): string | null {
  const [first] = undecidedOf(evidence);
  if (first === undefined) return null;
  const { growth } = first;
  return `What the calls leave behind grows (${growth.element.description}, held by ${growth.path.join(' → ')}), and whether that ends could not be decided in ${budgetMs / 1000} s: give it more time, such as { budgetMs: ${budgetMs * 3} }, and the test a longer timeout.`;
}
