import type { CpuProfileEvidence, Frame, SourcesEvidence } from '../../evidence/index.ts';
import { isSource, linesOf } from '../hot-lines.ts';
import { viewProfile, type PathStep, type ProfileView } from '../profile-view.ts';
import { definitionIn, idiomsOf, patternUses } from './idioms.ts';
import { regexShape } from './regex-shape.ts';
import { signatureOf, type Cause } from './signatures.ts';

/** A cause's part in the time of one call path. */
export interface Claim {
  /** The profile's node in which the path ends. */
  readonly node: number;
  readonly cause: Cause;
  readonly what: string;
  readonly certain: boolean;
  /** Whether it was put off from where it was asked for to its first use. */
  readonly deferred: boolean;
  /** Of the samples that end in the path. */
  readonly share: number;
  /** The call path from the cause's caller outwards, innermost first. */
  readonly callers: readonly PathStep[];
  /** Whom the innermost caller called, by name; null when the time is its own. */
  readonly callee: string | null;
  /** The line in the innermost caller; null where only its function is known. */
  readonly line: number | null;
}

/** Reads causes off the profile's call paths. */
export interface ClaimReader {
  readonly view: ProfileView;
  claimsOf(nodeId: number): readonly Claim[];
  /** The claim of the collector that clears up after the path's own work. */
  collectionOf(nodeId: number): Claim;
  /** The path without Mettle's agent; empty for what the agent itself did. */
  pathOf(nodeId: number): readonly PathStep[];
  isCollection(nodeId: number): boolean;
  /** The share of the path's own time whose lines' text is not to be had. */
  unreadShare(nodeId: number): number;
}

/** Opens a profile for reading causes. Without sources only causes with frames of their own are seen. */
export function readClaims(evidence: CpuProfileEvidence, sources: SourcesEvidence | undefined): ClaimReader {
  const view = viewProfile(evidence.profile);
  const whole = viewProfile(evidence.profile, { isAgentFile: () => false });
  const nodes = new Map(evidence.profile.nodes.map((node) => [node.id, node]));
  const pathOf = (nodeId: number): readonly PathStep[] =>
    isAgents(view, whole, nodeId) ? [] : view.path(nodeId);
  const linesAt = (nodeId: number): ReturnType<typeof linesOf> => {
    const node = nodes.get(nodeId);
    const file = pathOf(nodeId)[0]?.frame.file ?? '';
    return node === undefined || !isSource(file) ? [] : linesOf(node);
  };
  const textOf = (file: string, line: number): string | null => {
    const text = sources?.files[file]?.lines[line];
    return text === undefined || isCut(text) ? null : text;
  };
  const unreadFiles = new Set(sources?.unread);
  const inferred = new Set(sources?.inferred);
  const unplaced = new Set(sources?.unplaced);
  const isUnread = (file: string, line: number): boolean =>
    unreadFiles.has(file) || isCut(sources?.files[file]?.lines[line] ?? '');
  const known = new Map<number, readonly Claim[]>();
  const collections = new Map<number, Claim>();
  const unread = new Map<number, number>();
  return {
    view,
    pathOf,
    isCollection: (nodeId) => nodes.get(nodeId)?.callFrame.functionName === '(garbage collector)',
    unreadShare(nodeId) {
      let share = unread.get(nodeId);
      if (share === undefined) {
        const file = pathOf(nodeId)[0]?.frame.file ?? '';
        share = unplaced.has(nodeId)
          ? 1
          : sharesOf(linesAt(nodeId).filter(({ line }) => isUnread(file, line)));
        unread.set(nodeId, share);
      }
      return share;
    },
    claimsOf(nodeId) {
      let claims = known.get(nodeId);
      if (claims === undefined) {
        const path = pathOf(nodeId);
        const parts =
          claimByFrame(path, sources) ??
          claimByLines(path, linesAt(nodeId), { textOf, sources, inferred: inferred.has(nodeId) });
        claims = parts.map((part) => ({ node: nodeId, ...part }));
        known.set(nodeId, claims);
      }
      return claims;
    },
    collectionOf(nodeId) {
      let claim = collections.get(nodeId);
      if (claim === undefined) {
        claim = collection(nodeId, pathOf(nodeId));
        collections.set(nodeId, claim);
      }
      return claim;
    },
  };
}

/** Generated code, whose lines hold too much to be told apart. */
function isCut(text: string): boolean {
  return text.endsWith('…');
}

function sharesOf(lines: ReturnType<typeof linesOf>): number {
  return lines.reduce((sum, { share }) => sum + share, 0);
}

type Part = Omit<Claim, 'node'>;

function collection(node: number, callers: readonly PathStep[]): Claim {
  const line = exactLine(callers[0]?.frame);
  return {
    node,
    cause: 'gc-pressure',
    what: '',
    certain: true,
    deferred: false,
    share: 1,
    callers,
    callee: null,
    line,
  };
}

/** Whether the time is the agent's: its code, or what of Node it called. Its part in the loading of modules is the loader's. */
function isAgents(view: ProfileView, whole: ProfileView, nodeId: number): boolean {
  const path = whole.path(nodeId);
  const at = path.findIndex((step) => isSource(step.frame.file));
  if (path[at]?.functionKey === view.path(nodeId).find((step) => isSource(step.frame.file))?.functionKey)
    return false;
  return path[at + 1]?.frame.file.startsWith('node:internal/modules/') !== true;
}

function claimByFrame(
  path: readonly PathStep[],
  sources: SourcesEvidence | undefined,
): readonly Part[] | null {
  const signature = signatureOf(path.map((step) => step.frame));
  if (signature === null) return null;
  const { cause, what, index, deferred = false } = signature;
  const callers = path.slice(index + 1);
  const callee = (path[index] as PathStep).frame.function;
  if (cause !== 'regex-backtracking')
    return [
      { cause, what, certain: true, deferred, share: 1, callers, callee, line: exactLine(callers[0]?.frame) },
    ];
  const shape = regexShape(what);
  if (shape === 'linear') return [];
  return [
    {
      cause,
      what,
      certain: shape === 'exponential',
      deferred,
      share: 1,
      callers,
      callee,
      line: patternLine(callers[0]?.frame.file ?? '', what, sources),
    },
  ];
}

/** V8 gives the code of a pattern no line: the one that uses it, as far as it is on record. */
function patternLine(file: string, source: string, sources: SourcesEvidence | undefined): number | null {
  const lines = Object.entries(sources?.files[file]?.lines ?? {});
  const [use] = patternUses(
    lines.map(([, text]) => text),
    source,
  );
  return use === undefined ? null : Number(lines[use]?.[0]);
}

function linesIn(file: string, sources: SourcesEvidence | undefined): readonly string[] {
  return Object.values(sources?.files[file]?.lines ?? {});
}

/** A frame without a column stands on the line where its samples were taken. */
function exactLine(frame: Frame | undefined): number | null {
  return frame !== undefined && frame.column === 0 && frame.line > 0 ? frame.line : null;
}

interface Lines {
  readonly textOf: (file: string, line: number) => string | null;
  readonly sources: SourcesEvidence | undefined;
  /** The lines are known by elimination only. */
  readonly inferred: boolean;
}

function claimByLines(
  path: readonly PathStep[],
  lines: ReturnType<typeof linesOf>,
  { textOf, sources, inferred }: Lines,
): readonly Part[] {
  const file = path[0]?.frame.file ?? '';
  return lines.flatMap(({ line, share }) => {
    const text = textOf(file, line);
    const [idiom] = text === null ? [] : idiomsOf(text, (name) => definitionIn(linesIn(file, sources), name));
    return idiom === undefined
      ? []
      : [
          {
            ...idiom,
            certain: idiom.certain && !inferred,
            deferred: false,
            share,
            callers: path,
            callee: null,
            line,
          },
        ];
  });
}
