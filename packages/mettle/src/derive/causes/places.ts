import type { Frame, SourcesEvidence } from '../../evidence/index.ts';
import { isInternal, isOwn, type Home } from '../frames.ts';
import type { PathStep } from '../profile-view.ts';
import type { Claim } from './claims.ts';

/** Time of a claim, in µs. */
export type Weights = ReadonlyMap<Claim, number>;

/** The part of the time that a place must account for to be the place: the rest may be stray samples. */
const COVERS = 0.8;

/** The steps of the path at which somebody can change something, innermost first: the server's own, or else its dependencies'. */
export function changeableSteps(path: readonly PathStep[], home: Home): readonly PathStep[] {
  const own = path.filter((step) => isOwn(step.frame, home));
  return own.length > 0 ? own : path.filter((step) => !isInternal(step.frame));
}

/** The innermost function that leads to most of the time, at the line from which it does; undefined when there is none. */
export function placeOf(
  weights: Weights,
  home: Home,
  sources: SourcesEvidence | undefined,
): Frame | undefined {
  const functions = new Map<string, { step: PathStep; us: number; depthUs: number }>();
  let totalUs = 0;
  for (const [claim, us] of weights) {
    totalUs += us;
    const steps = changeableSteps(claim.callers, home);
    const seen = new Set<string>();
    steps.forEach((step, i) => {
      if (seen.has(step.functionKey)) return;
      seen.add(step.functionKey);
      const known = functions.get(step.functionKey) ?? { step, us: 0, depthUs: 0 };
      functions.set(step.functionKey, {
        step: known.step,
        us: known.us + us,
        depthUs: known.depthUs + us * (steps.length - i),
      });
    });
  }
  const all = [...functions.values()];
  const leading = all.filter(({ us }) => us >= COVERS * totalUs);
  const candidates = leading.length > 0 ? leading : all.toSorted((a, b) => b.us - a.us).slice(0, 1);
  const [chosen] = candidates.toSorted((a, b) => b.depthUs / b.us - a.depthUs / a.us);
  return chosen === undefined ? undefined : atLine(chosen.step, weights, sources);
}

/** The function's frame at the line from which most of the time was spent, as far as anything tells it. */
function atLine(step: PathStep, weights: Weights, sources: SourcesEvidence | undefined): Frame {
  const votes = new Map<number, number>();
  let start: Frame | undefined;
  for (const [claim, us] of weights) {
    const at = claim.callers.findIndex((caller) => caller.functionKey === step.functionKey);
    if (at < 0) continue;
    const { frame } = claim.callers[at] as PathStep;
    if (frame.column > 0) start = frame;
    const callee = at === 0 ? claim.callee : (claim.callers[at - 1] as PathStep).frame.function;
    const line = at === 0 && claim.line !== null ? claim.line : callLine(frame, callee, sources);
    // Where it is asked for is what there is to change; where put-off work is done at last is a second choice.
    if (line !== null) votes.set(line, (votes.get(line) ?? 0) + (claim.deferred ? us / 1000 : us));
  }
  const [best] = [...votes].toSorted((a, b) => b[1] - a[1]);
  if (best !== undefined) return { ...step.frame, line: best[0], column: 0 };
  return start ?? step.frame;
}

function callLine(caller: Frame, callee: string | null, sources: SourcesEvidence | undefined): number | null {
  const calls = sources?.files[caller.file]?.calls ?? [];
  return (
    calls.find((call) => call.line === caller.line && call.column === caller.column && call.callee === callee)
      ?.at ?? null
  );
}

/** The costliest call path of the claims, the place's line put in. */
export function stackOf(
  weights: Weights,
  pathOf: (claim: Claim) => readonly PathStep[],
  place: Frame | undefined,
): readonly Frame[] {
  const [hottest] = [...weights].toSorted((a, b) => b[1] - a[1]);
  if (hottest === undefined) return [];
  const frames = pathOf(hottest[0]).map((step) => step.frame);
  const at = frames.findIndex((frame) => frame.file === place?.file && frame.function === place.function);
  return place === undefined || at < 0 ? frames : frames.with(at, place);
}
