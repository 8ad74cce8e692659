import { judgeThresholds, type JudgedThreshold } from '../../derive/index.ts';
import type { Detector, DetectorInput, Finding } from '../../evidence/index.ts';
import { figure, ms, plural, quoted } from '../figures.ts';
import { isTool, makeFinding, shellWord } from '../finding.ts';

const ID = 'latency-over-budget';
const LATENCIES: ReadonlySet<string> = new Set(['latency', 'p50', 'p95', 'p99', 'max']);

type Input = DetectorInput<'thresholds' | 'target'>;

/** Calls that surely take longer than the user allows: the bound is over the budget, not only the figure. */
export const latencyOverBudget: Detector<'thresholds' | 'target'> = {
  id: ID,
  check: 'latency',
  examinations: ['bench'],
  needs: ['thresholds', 'target'],
  mayUse: ['bench', 'comparison', 'exercise'],

  detect(evidence) {
    return judged(evidence)
      .filter(({ standing }) => standing === 'exceeded')
      .map((entry) => findingOf(evidence, entry));
  },

  blind(evidence) {
    const budgets = judged(evidence);
    if (budgets.length === 0) return "no latency budget was set: give one, such as --fail-on 'p99<50ms'";
    const open = budgets.filter(({ standing }) => standing === 'undecided' || standing === 'not measured');
    if (open.length === 0) return null;
    return `${open.map(({ threshold }) => threshold.expression).join(', ')}: not enough evidence to say whether it is kept; measure longer`;
  },

  looked(evidence) {
    const budgets = judged(evidence);
    const kept = budgets.map(
      ({ threshold, high }) => `${threshold.expression} kept (at most ${ms(high ?? 0)})`,
    );
    return `${plural(budgets.length, 'latency budget')}: ${kept.join('; ')}`;
  },
};

function judged({ thresholds, comparison, bench }: Input): readonly JudgedThreshold[] {
  // All of them together share the chance of a false alarm.
  return judgeThresholds(thresholds.thresholds, {
    ...(comparison === undefined ? {} : { comparison }),
    ...(bench === undefined ? {} : { bench }),
  }).filter(({ threshold: { unit, metric } }) => unit === 'ms' && LATENCIES.has(metric));
}

function findingOf(
  { target, exercise }: Input,
  { threshold, subject, value, low, high }: JudgedThreshold,
): Finding {
  const { metric, limit, expression } = threshold;
  const name = subject === null ? 'The server' : quoted(subject);
  const over = (low ?? limit) / limit;
  const tools = subject !== null && isTool(subject, exercise) ? ` --tool ${shellWord(subject)}` : '';
  return makeFinding({
    id: ID,
    tool: subject,
    location: undefined,
    variant: metric,
    severity: over >= 2 ? 'high' : 'medium',
    confidence: 'measured',
    title: `${name} has a ${metric} of ${ms(value ?? 0)} (at least ${ms(low ?? 0)}), over the budget of ${ms(limit)}`,
    evidence: [
      {
        kind: 'table',
        title: 'Judged on the bound',
        columns: ['budget ms', `${metric} ms`, 'surely at least ms', 'surely at most ms'],
        rows: [[limit, figure(value ?? 0), figure(low ?? 0), high === null ? 'unknown' : figure(high)]],
      },
    ],
    cost: { value: figure((value ?? limit) - limit), unit: 'ms over the budget', per: 'call' },
    fix: 'Run mettle check: it says whether the time is computed on the event loop, waited for, or spent in a queue behind other calls, and at which line. Under load, --find-capacity tells from which rate on the budget is broken.',
    verify: {
      command: `npx mettle bench --fail-on '${expression}'${tools} ${target.targetArguments}`,
      expect: `exit code 0: ${expression} is kept`,
    },
  });
}
