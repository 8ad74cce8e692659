import type { CatalogueEvidence, ReachEvidence, ToolAnnotations, ToolInfo } from '../evidence/index.ts';
import { lastWords } from './fault-sentences.ts';
import { isObject, METHOD_NOT_FOUND, type JsonObject } from './rpc-message.ts';
import { TargetError, type Reply, type Session } from './session.ts';

/** No client shows a thousand pages to anyone; a listing this long is a cursor that never ends. */
const MAX_PAGES = 1000;

/** As long as the handshake may take: what is slower, clients have given up. */
const PAGE_TIMEOUT_MS = 30_000;

interface Asked {
  readonly server: Session;
  readonly signal: AbortSignal | undefined;
}

interface Listing {
  /** A first page came, and was one. */
  readonly answered: boolean;
  readonly items: readonly JsonObject[];
  readonly replies: readonly Reply[];
  readonly fault: { readonly method: string; readonly message: string } | null;
}

export interface CatalogueOptions {
  /** How the session was reached: what a TargetError tells of the way to the list. */
  readonly reach?: ReachEvidence;
  readonly signal?: AbortSignal;
}

/**
 * Everything the server lists, page by page; `listReplies` are the answers to tools/list. Throws TargetError when not
 * even the first page of declared tools is to be had: no client can use them. What else failed is a fault in the
 * catalogue, never an exception.
 */
export async function readCatalogue(
  server: Session,
  options: CatalogueOptions = {},
): Promise<{ readonly catalogue: CatalogueEvidence; readonly listReplies: Reply[] }> {
  const session: Asked = { server, signal: options.signal };
  const can = (capability: string): boolean => server.capabilities[capability] !== undefined;
  const none: Listing = { answered: false, items: [], replies: [], fault: null };
  const tools = await listAll(session, 'tools/list', 'tools', can('tools'));
  options.signal?.throwIfAborted();
  if (tools.fault !== null && can('tools') && tools.replies.length === 1 && !tools.answered)
    throw unlisted(server, tools.fault.message, options.reach);
  const resources = can('resources') ? await listAll(session, 'resources/list', 'resources', true) : none;
  // Resources without templates are common, and not every server answers for what it does not have.
  const templates = can('resources')
    ? await listAll(session, 'resources/templates/list', 'resourceTemplates', false)
    : none;
  const prompts = can('prompts') ? await listAll(session, 'prompts/list', 'prompts', true) : none;
  const unnamed = (listing: Listing, method: string, field: string): CatalogueEvidence['faults'] => {
    const count = listing.items.filter((item) => typeof item[field] !== 'string').length;
    return count === 0
      ? []
      : [
          {
            method,
            message: `${String(count)} of ${String(listing.items.length)} entries have no "${field}"`,
          },
        ];
  };
  const faults = [
    ...[tools, resources, templates, prompts].flatMap((listing) =>
      listing.fault === null ? [] : [listing.fault],
    ),
    ...unnamed(tools, 'tools/list', 'name'),
    ...unnamed(resources, 'resources/list', 'uri'),
    ...unnamed(templates, 'resources/templates/list', 'uriTemplate'),
    ...unnamed(prompts, 'prompts/list', 'name'),
  ];
  const catalogue: CatalogueEvidence = {
    tools: tools.items.filter((item) => typeof item['name'] === 'string').map(toolOf),
    resources: resources.items
      .filter((item) => typeof item['uri'] === 'string')
      .map((item) => ({ uri: text(item['uri']), name: text(item['name']) })),
    resourceTemplates: templates.items
      .filter((item) => typeof item['uriTemplate'] === 'string')
      .map((item) => ({ uriTemplate: text(item['uriTemplate']), name: text(item['name']) })),
    prompts: prompts.items
      .filter((item) => typeof item['name'] === 'string')
      .map((item) => ({ name: text(item['name']), arguments: argumentsOf(item['arguments']) })),
    toolsListPages: tools.replies.length,
    toolsListBytes: tools.replies.reduce((sum, reply) => sum + reply.bytes, 0),
    faults,
  };
  return { catalogue, listReplies: [...tools.replies] };
}

/** `expected`: the server declared it, so that it does not know the method is a fault. */
async function listAll(
  { server, signal }: Asked,
  method: string,
  field: string,
  expected: boolean,
): Promise<Listing> {
  const items: JsonObject[] = [];
  let answered = false;
  const replies: Reply[] = [];
  const seen = new Set<string>();
  let cursor: string | null = null;
  const end = (message: string | null): Listing => ({
    answered,
    items,
    replies,
    fault: message === null ? null : { method, message },
  });
  for (;;) {
    const reply: Reply = await server.request(method, cursor === null ? undefined : { cursor }, {
      timeoutMs: PAGE_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    replies.push(reply);
    if (reply.outcome === 'error') {
      return end(
        reply.error.code === METHOD_NOT_FOUND && !expected
          ? null
          : `answered with error ${String(reply.error.code)}: ${reply.error.message}`,
      );
    }
    if (reply.outcome !== 'result') return end(reply.message);
    const page = reply.result[field];
    if (!Array.isArray(page)) return end(`the answer has no list "${field}"`);
    answered = true;
    for (const item of page) items.push(isObject(item) ? item : {});
    const next = reply.result['nextCursor'];
    if (typeof next !== 'string' || next === '') return end(null);
    if (seen.has(next))
      return end(
        `the cursor ${JSON.stringify(next.slice(0, 80))} came a second time, so the listing never ends`,
      );
    if (replies.length >= MAX_PAGES) return end(`still not at the end after ${String(MAX_PAGES)} pages`);
    seen.add(next);
    cursor = next;
  }
}

/** The server that declares tools and does not list them, with what it last said. */
function unlisted(server: Session, fault: string, reach: ReachEvidence | undefined): TargetError {
  const stderrTail = server.process?.stderrTail() ?? [];
  const said = fault.includes('it last wrote') ? '' : lastWords(stderrTail);
  const seen = fault.startsWith('answered') ? `tools/list was ${fault}` : fault;
  const message = `The server cannot list its tools: ${seen.replace(/\.$/, '')}${said}.`;
  return new TargetError(message, 'list', {
    phases: reach?.phases ?? [],
    failed: { phase: 'list', message, stderrTail },
  });
}

function toolOf(item: JsonObject): ToolInfo {
  const given = isObject(item['annotations']) ? item['annotations'] : {};
  const hint = (name: string): Record<string, boolean> =>
    typeof given[name] === 'boolean' ? { [name]: given[name] } : {};
  const annotations: ToolAnnotations = {
    ...(typeof given['title'] === 'string' ? { title: given['title'] } : {}),
    ...hint('readOnlyHint'),
    ...hint('destructiveHint'),
    ...hint('idempotentHint'),
    ...hint('openWorldHint'),
  };
  return {
    name: text(item['name']),
    description: text(item['description']),
    inputSchema: item['inputSchema'],
    ...(item['outputSchema'] === undefined ? {} : { outputSchema: item['outputSchema'] }),
    annotations,
  };
}

function argumentsOf(value: unknown): CatalogueEvidence['prompts'][number]['arguments'] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isObject)
    .map((argument) => ({ name: text(argument['name']), required: argument['required'] === true }));
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
