import type { ToolListing } from '../../evidence/index.ts';
import { quoteShort } from '../../session/fault-sentences.ts';
import { isObject, type JsonObject } from '../../session/rpc-message.ts';
import { ProbeFault, shownBytes } from './fault.ts';
import type { RpcSource } from './rpc.ts';
import { listingOf } from './tool-listing.ts';

/** No client shows a thousand pages to anyone; a listing this long is a cursor that never ends. */
const MAX_PAGES = 1000;

/** What a listing came to. */
export interface ToolsRead {
  readonly listing: ToolListing;
  readonly items: readonly JsonObject[];
  readonly status: number | null;
}

/** Every page of tools/list. Rejects with ProbeFault. */
export async function readTools(rpc: RpcSource, maxBytes: number): Promise<ToolsRead> {
  const items: JsonObject[] = [];
  const cursors = new Set<string>();
  let cursor: string | null = null;
  let bytes = 0;
  for (let pages = 1; ; pages += 1) {
    const {
      bytes: pageBytes,
      status,
      reply,
    } = await rpc.request('tools/list', cursor === null ? undefined : { cursor }, {
      phase: 'list',
      maxBytes: Math.max(1, maxBytes - bytes),
    });
    bytes += pageBytes;
    const fault = (what: string): ProbeFault => new ProbeFault('list', `${rpc.who} ${what}`, { status });
    if ('error' in reply)
      throw fault(
        `answered tools/list with error ${String(reply.error.code)}: ${quoteShort(reply.error.message)}`,
      );
    const page = reply.result['tools'];
    if (!Array.isArray(page)) throw fault('answered tools/list without a list "tools"');
    for (const item of page) {
      if (!isObject(item) || typeof item['name'] !== 'string') throw fault('lists a tool without a name');
      items.push(item);
    }
    const next = reply.result['nextCursor'];
    if (typeof next !== 'string' || next === '')
      return { listing: listingOf(items, pages, bytes), items, status };
    const far = `after ${String(pages)} pages with ${String(items.length)} tools (${shownBytes(bytes)})`;
    if (cursors.has(next))
      throw fault(
        `gave the cursor ${quoteShort(next.slice(0, 80))} of tools/list a second time ${far}: the listing never ends`,
      );
    if (pages === MAX_PAGES) throw fault(`was still not at the end of tools/list ${far}`);
    cursors.add(next);
    cursor = next;
  }
}
