import type {
  Detector,
  DetectorInput,
  Exhibit,
  Finding,
  HeapComparisonEvidence,
  HolderGrowth,
  Severity,
  TargetEvidence,
} from '../../evidence/index.ts';
import { binaryBytes, count, plural } from '../figures.ts';
import { makeFinding, shellWord } from '../finding.ts';

const ID = 'heap-growth';
/** A server that runs gains single objects all the time: modules loaded late, shapes, buffers that are kept. */
const FEWEST_ELEMENTS = 10;
/** Below this a restart a year makes up for it, whatever the rate: two snapshots are seldom less than a minute apart. */
const LEAST_BYTES = 10_240;
/** From here on growth between two snapshots is worth acting on: a tenth of the heap, or a megabyte. */
const SHARE_WORTH_ACTING = 0.1;
const BYTES_WORTH_ACTING = 1024 ** 2;
const MOST_FINDINGS = 5;
/** Of the new bytes, what the holder must retain more than before. */
const SHARE_THAT_GROWS = 0.25;
/** And what it must have retained already. */
const SHARE_OF_ITS_OWN = 0.5;

/** Two snapshots of a server between which a collection got more elements: what to look at, not yet a leak. */
export const heapGrowth: Detector<'heapComparison'> = {
  id: ID,
  check: 'leak',
  examinations: ['leak', 'attach --memory'],
  needs: ['heapComparison'],
  mayUse: ['target'],

  detect({ heapComparison, target }) {
    return heapComparison.holders
      .filter(isGrowth)
      .slice(0, MOST_FINDINGS)
      .map((holder) => findingOf(heapComparison, holder, target));
  },
  looked: ({ heapComparison }: DetectorInput<'heapComparison'>): string => {
    const { before, after, newObjects, newBytes } = heapComparison;
    const made =
      newObjects === null
        ? 'of different processes'
        : `${plural(newObjects, 'new object')} of ${binaryBytes(newBytes ?? 0)}`;
    return `two snapshots of ${plural(before.objects, 'object')} and ${plural(after.objects, 'object')}, ${made}: nothing got ${FEWEST_ELEMENTS} elements or more of a class and ${binaryBytes(LEAST_BYTES)}`;
  },
};

/** Node's own tables grow while it starts and loads; what of them is a server's doing has a holder in the server. */
function isGrowth(holder: HolderGrowth): boolean {
  const more = holder.elementsAfter - holder.elementsBefore;
  return (
    more >= FEWEST_ELEMENTS &&
    holder.grownBytes >= LEAST_BYTES &&
    holder.package !== 'node' &&
    !isTurnover(holder)
  );
}

/**
 * A full cache lets go of one entry for each that it gets: what is new in it is no growth. What it retains tells that only
 * if nobody else holds its entries: then it retained such entries before.
 */
function isTurnover({ retainedBefore, retainedAfter, grownBytes }: HolderGrowth): boolean {
  if (retainedBefore === null || retainedAfter === null) return false;
  return (
    retainedBefore >= grownBytes * SHARE_OF_ITS_OWN &&
    retainedAfter - retainedBefore < grownBytes * SHARE_THAT_GROWS
  );
}

/** The snapshots of a server in use are gone; what runs over stdio can be started again and called. */
function verifyInUse(target: TargetEvidence): string {
  return target.reproducedBy === 'attach'
    ? `npx mettle attach --memory --snapshot --fail-on ${ID} ${target.targetArguments}`
    : `npx mettle leak --fail-on leak ${target.targetArguments}`;
}

function findingOf(
  comparison: HeapComparisonEvidence,
  holder: HolderGrowth,
  target: TargetEvidence | undefined,
): Finding {
  const { before, after, sameProcess } = comparison;
  const more = holder.elementsAfter - holder.elementsBefore;
  const library = holder.package === null ? '' : ` (in the package ${holder.package})`;
  const between = sameProcess
    ? 'made since the first snapshot and alive at the second'
    : 'more than in the other process';
  return makeFinding({
    id: ID,
    tool: null,
    location: holder.location ?? undefined,
    variant: holder.path.slice(0, 2).join(' '),
    severity: severityOf(comparison, holder),
    confidence: sameProcess ? 'measured' : 'suspected',
    title: `${holderName(holder)} holds ${count(more)} more ${holder.elementClass}, ${binaryBytes(holder.grownBytes)} in all, ${between}${library}`,
    evidence: exhibits(comparison, holder),
    cost: { value: holder.grownBytes, unit: 'bytes', per: 'run' },
    fix: `${remedy(holder)} Whether it goes on two snapshots do not tell: \`mettle leak -- COMMAND\` calls the server until that is known.`,
    verify: {
      command:
        target === undefined
          ? `npx mettle leak --compare ${shellWord(before.file)} ${shellWord(after.file)} --fail-on ${ID}`
          : verifyInUse(target),
      expect:
        'exit code 0 with two snapshots taken anew in the same way: nothing that should be let go is held any more',
    },
  });
}

/** `Map "sessions" of module dist/sessions.js`. */
function holderName({ path, className }: HolderGrowth): string {
  const at = path.findLastIndex((step) => step.startsWith(className));
  const [first] = path;
  const name = path[at] ?? className;
  return at <= 0 || first === undefined ? name : `${name} of ${first}`;
}

/** Of a different process it may as well be the load that differed. */
function severityOf({ before, sameProcess }: HeapComparisonEvidence, { grownBytes }: HolderGrowth): Severity {
  const large = grownBytes >= BYTES_WORTH_ACTING || grownBytes >= before.heapBytes * SHARE_WORTH_ACTING;
  return sameProcess && large ? 'medium' : 'low';
}

function exhibits(comparison: HeapComparisonEvidence, holder: HolderGrowth): readonly Exhibit[] {
  const { elementsBefore, elementsAfter, newElements, retainedBefore, retainedAfter, grownBytes } = holder;
  const known = (value: number | null): string | number => value ?? 'not known';
  return [
    { kind: 'retaining-path', title: 'What holds one of them', steps: holder.path },
    {
      kind: 'table',
      title: 'Between the snapshots',
      columns: ['', comparison.before.file, comparison.after.file],
      rows: [
        [holder.elementClass, elementsBefore, elementsAfter],
        ['of these new', '', known(newElements)],
        [`bytes that ${holder.className} retains`, known(retainedBefore), known(retainedAfter)],
        ['bytes more, each counted once', '', grownBytes],
      ],
    },
  ];
}

function remedy({ elementClass, className, path }: HolderGrowth): string {
  const listeners = path.some((step) => /"_events"|\[kEvents\]|kListeners/.test(step));
  if (listeners || /^Listener\b/.test(elementClass))
    return 'Listeners that are added are to be removed: `once`, `removeListener` in a `finally`, or an AbortSignal of the call’s own.';
  if (/^Timeout\b/.test(elementClass))
    return 'Timers that are set are to be cleared when their work is done: `clearInterval`, `clearTimeout` in a `finally`.';
  if (/Map|Set|Object|Array/.test(className))
    return 'If entries are only for a call or a session, delete them when it ends, in a `finally`; if they are a cache, bound it (`boundedCache`, `ring` of @mettle/runtime/memory), or hang them on what they belong to by a `WeakMap`.';
  return 'Follow the path to what holds the objects, and let it go when its work is done.';
}
