import { CLIENT_CAPABILITIES_META_KEY, inputRequired, McpServer } from '@modelcontextprotocol/server';
import type { CallToolResult, ServerContext } from '@modelcontextprotocol/server';
import { z } from 'zod';
import { outsideOfRoots, targetNamed } from './allowed-targets.ts';
import type { AllowedTarget } from './allowed-targets.ts';
import { examine, OneAtATime } from './examination.ts';
import type { CommandLine } from './examination.ts';
import { findingIds, findingPage } from './finding-pages.ts';
import { inWords, summarise } from './summary.ts';

export interface ServerOptions {
  readonly version: string;
  readonly commandLine: CommandLine;
  readonly targets: readonly AllowedTarget[];
  /** Whether tools that are not marked read-only may be called. */
  readonly allowWrites: boolean;
  readonly cwd: string;
}

const DEFAULT_BUDGET_SECONDS = 30;
const MOST_BUDGET_SECONDS = 600;

const EXAMINATIONS = [
  [
    'check',
    'Examine a server for everything: CPU, latency, leaks, serialisation, races, overload, protocol.',
  ],
  ['profile', 'Which tool uses CPU and holds the event loop, in which function and line, and why.'],
  ['bench', 'Latency percentiles, throughput and errors per tool.'],
  ['leak', 'What calls leave behind for good, held by what, added at which line.'],
  ['race', 'Which concurrent calls lose updates, see half-written state or wait for each other for ever.'],
  ['probe', 'One look from outside: is the server reachable, and how long does each phase take.'],
] as const;

const findingShape = z.object({
  id: z.string(),
  severity: z.string(),
  confidence: z.string(),
  tool: z.string().optional(),
  title: z.string(),
  file: z.string().optional(),
  line: z.number().optional(),
  fix: z.string(),
  verify: z.string(),
});
const outputSchema = z.object({
  exitCode: z.number().describe('0 nothing over the bar, 1 findings over the bar'),
  server: z.string().nullable(),
  verdicts: z.record(z.string(), z.object({ status: z.string(), why: z.string() })),
  findings: z.array(findingShape),
  notes: z.array(z.string()),
});

const queue = new OneAtATime();

/** A server with one tool per examination; made anew for each connection, or each request over HTTP. */
export async function createMettleServer(options: ServerOptions): Promise<McpServer> {
  const server = new McpServer(
    { name: 'mettle', version: options.version },
    {
      instructions: `Examines these MCP servers: ${options.targets.map(({ name, describes }) => `${name} (${describes})`).join('; ')}. Begin with "check"; each finding names file, line, fix and the command that proves it mended.`,
    },
  );
  for (const [name, description] of EXAMINATIONS) registerExamination(server, name, description, options);
  await registerExplanation(server);
  return server;
}

function registerExamination(
  server: McpServer,
  name: string,
  description: string,
  options: ServerOptions,
): void {
  const isProbe = name === 'probe';
  server.registerTool(
    name,
    {
      description: `${description} Takes ${isProbe ? 'seconds' : 'up to a minute or what the budget says'}; only tools marked read-only are called${options.allowWrites ? ', and those that write' : ''}.`,
      inputSchema: inputOf(isProbe, options.targets),
      outputSchema,
      annotations: { readOnlyHint: !options.allowWrites, destructiveHint: false, openWorldHint: true },
    },
    async (given: Asked, ctx) => {
      let target: AllowedTarget;
      try {
        target = targetNamed(options.targets, given.target);
      } catch (error) {
        return failure((error as Error).message);
      }
      const roots = rootsOf(server, ctx);
      if (roots === 'ask') return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
      const forbidden = roots === null ? null : outsideOfRoots(target, roots);
      if (forbidden !== null) return failure(forbidden);
      return run([name, '--format=json', ...wordsOf(given, isProbe, target, options)], options, ctx);
    },
  );
}

/** What an agent may say; the last two not of a probe. */
interface Asked {
  readonly target?: string | undefined;
  readonly tools?: readonly string[] | undefined;
  readonly budgetSeconds?: number | undefined;
}

function inputOf(isProbe: boolean, targets: readonly AllowedTarget[]): z.ZodType<Asked> {
  const target = z
    .string()
    .optional()
    .describe(`which server: ${targets.map(({ name }) => name).join(', ')}`);
  if (isProbe) return z.object({ target });
  return z.object({
    target,
    tools: z.array(z.string()).max(50).optional().describe('examine only these tools of the server'),
    budgetSeconds: z
      .number()
      .int()
      .min(5)
      .max(MOST_BUDGET_SECONDS)
      .optional()
      .describe(`most time for measuring, default ${DEFAULT_BUDGET_SECONDS}`),
  });
}

/** With equals signs: a tool's name may begin with a dash. */
function wordsOf(given: Asked, isProbe: boolean, target: AllowedTarget, options: ServerOptions): string[] {
  return [
    ...(isProbe ? [] : [`--budget=${given.budgetSeconds ?? DEFAULT_BUDGET_SECONDS}`]),
    ...(given.tools ?? []).map((tool) => `--tool=${tool}`),
    ...(options.allowWrites && !isProbe ? ['--allow-writes'] : []),
    ...target.options,
    ...(target.command.length === 0 ? [] : ['--', ...target.command]),
  ];
}

async function run(
  words: readonly string[],
  { commandLine, cwd }: ServerOptions,
  ctx: ServerContext,
): Promise<CallToolResult> {
  const progress = progressOf(ctx);
  if (queue.ahead > 0) progress(`waiting for ${queue.ahead} other examinations`);
  const { signal } = ctx.mcpReq;
  const { exitCode, result, said } = await queue.run(() => {
    if (signal.aborted) return Promise.resolve({ exitCode: 130, result: null, said: ['cancelled'] });
    return examine(commandLine, words, { cwd, signal, progress });
  });
  if (result === null) return failure(said.at(-1) ?? `mettle ${words[0]} ended with exit code ${exitCode}`);
  const structuredContent = summarise(result, exitCode);
  return { content: [{ type: 'text', text: inWords(structuredContent) }], structuredContent };
}

async function registerExplanation(server: McpServer): Promise<void> {
  const ids = await findingIds();
  server.registerTool(
    'explain_finding',
    {
      description: 'What a finding means: symptom, how it is decided, cause and fix with code.',
      inputSchema: z.object({ id: z.string().describe(`one of ${ids.join(', ')}`) }),
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    async ({ id }) => {
      const page = await findingPage(id);
      return page === null
        ? failure(`There is no finding "${id}"; there are: ${ids.join(', ')}.`)
        : { content: [{ type: 'text', text: page }] };
    },
  );
}

/** The client's roots: null when it has none to give, 'ask' when it has to be asked first. */
function rootsOf(server: McpServer, ctx: ServerContext): readonly { uri: string }[] | 'ask' | null {
  const envelope: Readonly<Record<string, unknown>> | undefined = ctx.mcpReq.envelope;
  const capabilities = envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? server.server.getClientCapabilities();
  if (typeof capabilities !== 'object' || capabilities === null || !('roots' in capabilities)) return null;
  const given = ctx.mcpReq.inputResponses?.['roots'] as { roots?: readonly { uri: string }[] } | undefined;
  return given === undefined ? 'ask' : (given.roots ?? []);
}

/** Tells the client, if it asked, each step that the examination begins. */
function progressOf(ctx: ServerContext): (message: string) => void {
  const progressToken = ctx.mcpReq['_meta']?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let progress = 0;
  return (message) => {
    void ctx.mcpReq
      .notify({
        method: 'notifications/progress',
        params: { progressToken, progress: ++progress, message },
      })
      .catch(() => undefined);
  };
}

function failure(message: string): CallToolResult {
  return { content: [{ type: 'text', text: message }], isError: true };
}
