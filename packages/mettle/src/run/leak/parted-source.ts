import { answeredDriver } from '../../load/index.ts';
import type { CallSource } from '../../load/index.ts';
import type { DriverSetting } from '../../load/leak/drivers.ts';
import { monotonicMs } from '../../session/index.ts';

/** The calls of one tool, by what becomes of them. */
export interface PartedSource {
  readonly answered: CallSource | null;
  readonly failing: CallSource | null;
}

type Call = ReturnType<CallSource['call']>;

/** So many different calls are tried; a choice of three things is seen by then. */
const MOST_TRIED = 6;
/** Of a call that takes longer only the first one is tried. */
const QUICK_MS = 250;

/**
 * Some calls of a tool may fail while others are answered (one thing of a list is not there, or broken): what each kind
 * leaves behind can be told only of each by itself. Null where all go alike, or where there is but one call to make.
 */
export async function partByOutcome(
  source: CallSource,
  setting: DriverSetting,
  patienceMs: number,
): Promise<PartedSource | null> {
  const calls = source.inTurn ?? [];
  const different = [...new Map(calls.map((call) => [JSON.stringify(call), call])).values()];
  if (different.length < 2) return null;
  const answered: Call[] = [];
  const failing: Call[] = [];
  for (const call of different.slice(0, MOST_TRIED)) {
    const startedAtMs = monotonicMs();
    const fault = await answeredDriver(always(source, call), setting).run('fresh', patienceMs);
    (fault === null ? answered : failing).push(call);
    if (monotonicMs() - startedAtMs > QUICK_MS) break;
  }
  return answered.length === 0 || failing.length === 0
    ? null
    : { answered: only(source, calls, answered), failing: only(source, calls, failing) };
}

function always({ subject, weight }: CallSource, call: Call): CallSource {
  return { subject, weight, call: () => call };
}

/** The same source with these of its calls; new arguments are made of these as well. */
function only(source: CallSource, all: readonly Call[], kept: readonly Call[]): CallSource {
  const { fresh, ...others } = source;
  const texts = new Set(kept.map((call) => JSON.stringify(call)));
  const places = all.flatMap((call, place) => (texts.has(JSON.stringify(call)) ? [place] : []));
  const from = (i: number): number => i * all.length + (places[i % places.length] as number);
  return {
    ...others,
    inTurn: kept,
    call: (i) => kept[i % kept.length] as Call,
    ...(fresh === undefined ? {} : { fresh: (i) => fresh(from(i)) }),
  };
}
