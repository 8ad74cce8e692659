import type { CpuProfileEvidence, EvidenceMap, SourceExcerpt } from '../../src/evidence/index.ts';
import { CWD } from './frames.ts';
import { server } from './server.ts';

type ProfileNode = CpuProfileEvidence['profile']['nodes'][number] & {
  readonly children: number[];
  readonly positionTicks: { line: number; ticks: number }[];
};

export interface Spending {
  /** The line of the innermost function in which it is spent; by default nobody knows. */
  readonly line?: number;
  /** In how many calls; default all. */
  readonly times?: number;
  /** Milliseconds that one sample stands for; default 1. */
  readonly everyMs?: number;
}

const RUNNER = 'executeToolHandler@@node_modules/@modelcontextprotocol/sdk/dist/esm/server/mcp.js:265';

/**
 * A server of which a profile was taken, told in sentences. Frames are written `name@@file:line` (a file as under the
 * server's folder, or `node:…`), `name` alone for native code; every stack begins in the SDK.
 */
export class ProfiledServer {
  readonly #tools: { readonly name: string; readonly calls: number }[] = [];
  readonly #nodes: ProfileNode[] = [node(1, '(root)')];
  readonly #known = new Map<string, number>();
  readonly #samples: number[] = [];
  readonly #subjects: number[] = [];
  readonly #calls: number[] = [];
  readonly #netUs: number[] = [];
  readonly #files: Record<
    string,
    { lines: Record<string, string>; calls: SourceExcerpt['calls'][number][] }
  > = {};

  readonly #unread: string[] = [];

  tool(name: string, calls: number): this {
    this.#tools.push({ name, calls });
    return this;
  }

  /** Each call of the tool told last spends `ms` so; stack outermost first. */
  spends(ms: number, stack: readonly string[], { line, times, everyMs = 1 }: Spending = {}): this {
    const { calls } = this.#tools.at(-1) ?? { calls: 0 };
    const id = this.#nodeOf([RUNNER, ...stack], line);
    for (let call = 1; call <= (times ?? calls); call++)
      for (let at = 0; at < ms; at += everyMs) this.#sample(id, call, everyMs * 1000);
    return this;
  }

  /** As `spends`, but after every millisecond the collector runs for as long as told. */
  allocates(ms: number, gcMs: number, stack: readonly string[], { line }: Spending = {}): this {
    const { calls } = this.#tools.at(-1) ?? { calls: 0 };
    const id = this.#nodeOf([RUNNER, ...stack], line);
    const collector = this.#nodeOf(['(garbage collector)']);
    for (let call = 1; call <= calls; call++) {
      for (let at = 0; at < ms; at++) {
        this.#sample(id, call, 1000);
        if (at < gcMs) this.#sample(collector, call, 1000);
      }
    }
    return this;
  }

  /** What stands on a line of a file of the server. */
  source(file: string, line: number, text: string): this {
    this.#excerpt(file).lines[line] = text;
    return this;
  }

  /** A file whose text nobody has. */
  unreadable(file: string): this {
    this.#unread.push(`${CWD}/${file}`);
    return this;
  }

  /** The function that begins at `from` calls `callee` on line `at`. */
  callsOnLine(file: string, from: number, callee: string, at: number): this {
    this.#excerpt(file).calls.push({ line: from, column: 5, callee, at });
    return this;
  }

  evidence(): EvidenceMap {
    const told = this.#tools.reduce((builder, tool) => builder.tool(tool.name).called(tool.calls), server());
    return {
      ...told.evidence(),
      cpuProfile: {
        profile: {
          nodes: this.#nodes,
          startTime: 0,
          endTime: this.#samples.length * 1000,
          samples: this.#samples,
          timeDeltas: this.#netUs,
        },
        subjects: ['', ...this.#tools.map((tool) => tool.name)],
        sampleSubjects: this.#subjects,
        sampleCalls: this.#calls,
        sampleNetUs: this.#netUs,
      },
      sources: { files: this.#files, unread: this.#unread },
    };
  }

  #sample(id: number, call: number, us: number): void {
    this.#samples.push(id);
    this.#subjects.push(this.#tools.length);
    this.#calls.push(this.#tools.length * 10_000 + call);
    this.#netUs.push(us);
  }

  #excerpt(file: string): { lines: Record<string, string>; calls: SourceExcerpt['calls'][number][] } {
    return (this.#files[`${CWD}/${file}`] ??= { lines: {}, calls: [] });
  }

  #nodeOf(stack: readonly string[], line?: number): number {
    let at = 1;
    stack.forEach((frame, depth) => {
      const key = stack.slice(0, depth + 1).join('\n');
      let id = this.#known.get(key);
      if (id === undefined) {
        id = this.#nodes.length + 1;
        this.#known.set(key, id);
        this.#nodes.push(node(id, frame));
        this.#nodes[at - 1]?.children.push(id);
      }
      at = id;
    });
    if (line !== undefined) this.#nodes[at - 1]?.positionTicks.push({ line, ticks: 100 });
    return at;
  }
}

function node(id: number, frame: string): ProfileNode {
  const [functionName = '', place] = frame.split('@@');
  const colon = place?.lastIndexOf(':') ?? 0;
  const file = place?.slice(0, colon) ?? '';
  const url = place === undefined || file.startsWith('node:') ? file : `file://${CWD}/${file}`;
  const lineNumber = place === undefined ? -1 : Number(place.slice(colon + 1)) - 1;
  return {
    id,
    callFrame: { functionName, scriptId: '1', url, lineNumber, columnNumber: place === undefined ? -1 : 4 },
    children: [],
    positionTicks: [],
  };
}

/** A server without tools, to be told more of. */
export function profiled(): ProfiledServer {
  return new ProfiledServer();
}
