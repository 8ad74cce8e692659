import { formatPlace, functionName, homeOf, locationOf } from '../../derive/index.ts';
import type {
  Detector,
  DetectorInput,
  Exhibit,
  Finding,
  SourceLocation,
  StdoutEvidence,
} from '../../evidence/index.ts';
import { count, plural, quoted } from '../figures.ts';
import { askedFor, makeFinding, verifyCommand } from '../finding.ts';

const ID = 'stdout-pollution';
const START_UP = 'start-up';
const LINES_SHOWN = 5;

type Input = DetectorInput<'stdout' | 'target'>;
type Writer = StdoutEvidence['writers'][number];

/** Text on stdout that is no JSON-RPC message: on stdio it breaks the protocol for every client that is strict. */
export const stdoutPollution: Detector<'stdout' | 'target'> = {
  id: ID,
  check: 'protocol',
  needs: ['stdout', 'target'],
  mayUse: ['exercise'],

  detect(evidence) {
    const { stdout } = evidence;
    if (stdout.messages === null || stdout.count === 0) return [];
    const writers = byPlace(evidence);
    const byWriter = writers.map((writer) =>
      writerFinding(evidence, writers.length === 1 ? soleWriter(writer, stdout) : writer),
    );
    const seen = new Set(writers.map((writer) => writer.subject ?? START_UP));
    // Lines before the agent stood ready, or from a wrapper such as npm, have no writer that could be named.
    const during = new Set(stdout.lines.map((line) => line.during));
    const unnamed = writers.reduce((sum, writer) => sum + writer.count, 0) < stdout.count;
    const byTime = unnamed
      ? [...during].filter((name) => !seen.has(name)).map((name) => duringFinding(evidence, name))
      : [];
    if (byWriter.length + byTime.length > 0) return [...byWriter, ...byTime];
    return [duringFinding(evidence, START_UP)];
  },

  looked({ stdout }) {
    return stdout.messages === null
      ? 'stdout is not the channel of this target'
      : `${plural(stdout.messages, 'message')} on stdout, every line JSON-RPC`;
  },
};

interface PlacedWriter extends Writer {
  readonly location: SourceLocation | undefined;
}

/** The agent tells only of the first lines; when they and all lines on record come from one place, so do the rest. */
function soleWriter(writer: PlacedWriter, stdout: StdoutEvidence): PlacedWriter {
  const elsewhere = stdout.lines.some((line) => line.during !== (writer.subject ?? START_UP));
  return elsewhere ? writer : { ...writer, count: stdout.count };
}

/** Whose line it was: as the agent saw it, else the call in flight when a line of the same text arrived. */
function subjectOf(writer: Writer, stdout: StdoutEvidence): string | null {
  if (writer.subject !== null) return writer.subject;
  const sample = writer.sample.trim();
  const line = stdout.lines.find(
    (entry) => entry.during !== START_UP && sample !== '' && entry.text.trim() === sample,
  );
  return line?.during ?? null;
}

/** Writers by tool and function: one fault is one place, however many lines it wrote. */
function byPlace(evidence: Input): readonly PlacedWriter[] {
  const home = homeOf(evidence.target);
  const places = new Map<string, PlacedWriter>();
  for (const seen of evidence.stdout.writers) {
    const writer = { ...seen, subject: subjectOf(seen, evidence.stdout) };
    const location = locationOf(writer.stack, home);
    const key = [
      writer.subject ?? '',
      location?.file ?? '',
      location === undefined ? '' : (functionName({ function: location.function ?? '' }) ?? location.line),
    ].join('\n');
    const known = places.get(key);
    places.set(
      key,
      known === undefined ? { ...writer, location } : { ...known, count: known.count + writer.count },
    );
  }
  return [...places.values()].toSorted((a, b) => b.count - a.count);
}

function writerFinding(evidence: Input, writer: PlacedWriter): Finding {
  const { subject, location } = writer;
  const where = location === undefined ? '' : `, at ${formatPlace(location, evidence.target.cwd)}`;
  const stack: readonly Exhibit[] =
    writer.stack.length === 0 ? [] : [{ kind: 'stack', title: 'Who wrote it', frames: writer.stack }];
  const lines = linesOf(evidence.stdout, subject ?? START_UP);
  return finding(evidence, {
    subject,
    location,
    count: writer.count,
    title: `${subject === null ? 'The server' : quoted(subject)} writes text to stdout, where clients expect only JSON-RPC (${plural(writer.count, 'time')}, first ${JSON.stringify(writer.sample)})${where}`,
    evidence: [
      { kind: 'transcript', title: 'On stdout', lines: lines.length > 0 ? lines : [writer.sample] },
      ...stack,
    ],
  });
}

function duringFinding(evidence: Input, during: string): Finding {
  const lines = linesOf(evidence.stdout, during);
  const started = during === START_UP;
  // Banners begin with an empty line; npm's does.
  const telling = lines.find((line) => line.trim() !== '') ?? lines[0];
  const first = telling === undefined ? '' : `: ${JSON.stringify(telling)}`;
  const when = started ? 'while the server starts' : `while ${quoted(during)} runs`;
  return finding(evidence, {
    subject: started ? null : during,
    location: undefined,
    count: Math.max(lines.length, 1),
    title: `${count(evidence.stdout.count)} of the lines on stdout are not JSON-RPC; some come ${when}${first}`,
    evidence: [{ kind: 'transcript', title: 'On stdout', lines }],
  });
}

function linesOf(stdout: StdoutEvidence, during: string): readonly string[] {
  return stdout.lines
    .filter((line) => line.during === during)
    .slice(0, LINES_SHOWN)
    .map((line) => line.text);
}

interface Draft {
  readonly subject: string | null;
  readonly location: SourceLocation | undefined;
  readonly count: number;
  readonly title: string;
  readonly evidence: readonly Exhibit[];
}

function finding(evidence: Input, draft: Draft): Finding {
  const { subject } = draft;
  const wrapper =
    subject === null
      ? ' If it comes from a wrapper, start the server without it (`node server.js`, or `npm run --silent`).'
      : '';
  return makeFinding({
    id: ID,
    tool: subject,
    location: draft.location,
    // Amid calls a client that is strict drops the connection with work under way; at start-up it fails at once, where it is noticed.
    severity: subject === null ? 'medium' : 'high',
    confidence: 'measured',
    title: draft.title,
    evidence: draft.evidence,
    cost: { value: draft.count, unit: draft.count === 1 ? 'line' : 'lines', per: 'run' },
    fix: `Log to stderr: \`console.error\` instead of \`console.log\`, or a logger that is told to write there (pino: \`destination: 2\`; winston: \`stderrLevels\`).${wrapper}`,
    verify: {
      command: verifyCommand('stdout-pollution', evidence.target, askedFor(subject, evidence.exercise)),
      expect: 'exit code 0: every line on stdout is a JSON-RPC message',
    },
  });
}
