import { regexShape, type RegexShape } from '../../derive/causes/regex-shape.ts';
import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

const ADVICE: Readonly<Record<RegexShape, string>> = {
  exponential:
    'Each further character may double the time, since a repeated group can split the same text in several ways. Write it so that there is only one way: `^\\w+(?:\\s\\w+)*$` instead of `^(\\w+\\s?)*$`.',
  polynomial:
    'Two repetitions can share the same text, or a match is tried from every position. Anchor the pattern, make neighbouring repetitions exclude one another (`[^,]*,` instead of `.*,`), or use a string method (`trimEnd()` instead of `/\\s+$/`).',
  linear:
    'Look for a repetition within a repetition, or two beside each other that can read the same text, and write it so that there is only one way to match.',
  unknown:
    'Look for a repetition within a repetition, or two beside each other that can read the same text, and write it so that there is only one way to match.',
};

function shortened(pattern: string): string {
  return pattern.length > 60 ? `${pattern.slice(0, 59)}…` : pattern;
}

/** A regular expression that tries so many ways of matching that a call keeps the main thread. */
export const regexBacktracking: Detector = causeDetector({
  id: 'regex-backtracking',
  bySource: true,
  doing: ({ whats }) =>
    whats[0] === undefined ? 'in a regular expression' : `in the regular expression /${shortened(whats[0])}/`,
  fix: ({ whats }) =>
    `${ADVICE[regexShape(whats[0] ?? '')]} Bound the input's length first (\`z.string().max(200)\`); for patterns from outside use a linear engine (\`re2\`, \`re2js\`). A worker thread with a time limit (\`offload\` of @mettle/runtime with \`timeoutMs\`) keeps the others going, but mends nothing: mend the pattern first.`,
});
