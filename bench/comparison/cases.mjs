/** The servers that every profiler is run on, the calls that are made, and what there is to be found. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const sick = fileURLToPath(new URL('../../packages/sick-servers/', import.meta.url));
const own = fileURLToPath(new URL('servers/', import.meta.url));

const repeat = (count, call) => Array.from({ length: count }, (_, i) => call(i));
const tool = (name, args) => ({ name, arguments: args });

/*
 * Calls are numbered, not timed: every profiler sees the same work. `function` is what blocks, as stacks call it;
 * `check`: looked for by `mettle check`, not by `mettle profile`.
 */
const CASES = [
  {
    name: 'hash-on-main-thread',
    tool: 'login',
    function: /pbkdf2Sync/,
    calls: repeat(30, (i) => tool('login', { email: `a${i}@example.org`, password: 'correct horse' })),
  },
  {
    name: 'shared-helper',
    file: join(own, 'shared-helper.js'),
    marker: 'hash-on-main-thread',
    tool: 'archive_ticket',
    function: /fingerprint/,
    calls: repeat(20, (i) => tool(i % 2 ? 'archive_ticket' : 'preview_ticket', { ticket: 1 + i })),
  },
  {
    name: 'regex-backtracking',
    tool: 'check_title',
    function: /\(\\+w\+\\+s\?\)\*/,
    calls: repeat(20, (i) => tool('check_title', { shelf: 1 + i })),
  },
  {
    name: 'sync-child-process',
    tool: 'render_page',
    function: /execFileSync/,
    calls: repeat(12, (i) => tool('render_page', { number: 1 + i })),
  },
  {
    name: 'large-json-parse',
    tool: 'find_item',
    function: /JSON\.parse|JsonParse/,
    calls: repeat(12, (i) => tool('find_item', { number: i })),
  },
  {
    name: 'latency-tail',
    tool: 'export_report',
    function: /buildReport/,
    calls: repeat(80, (i) =>
      i % 10 === 9
        ? tool('export_report', { year: 2020 + (i % 7), currency: 'EUR' })
        : i % 2
          ? tool('lookup_product', { product: i })
          : tool('check_price', { product: i, discount: 0.1 }),
    ),
  },
  {
    name: 'serialised-by-lock',
    tool: 'reserve_stock',
    function: null,
    check: true,
    calls: repeat(80, () => tool('reserve_stock', { sku: 'teapot', quantity: 1 })),
  },
];

/** The cases whose name holds the text, each with the file of its server and the line at fault. */
export function casesCalled(text) {
  return CASES.filter(({ name }) => name.includes(text)).map((each) => {
    const file = each.file ?? join(sick, each.name, 'sick.js');
    const marker = `ailment: ${each.marker ?? each.name}`;
    const line =
      1 +
      readFileSync(file, 'utf8')
        .split('\n')
        .findIndex((row) => row.includes(marker));
    return { ...each, file, line };
  });
}

/** A server whose calls cost nothing, for the price of looking. */
export const NO_OP_SERVER = join(own, 'no-op.js');
