import { LRUCache } from 'lru-cache';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { FirstInFirstOut, Interned, MinuteCache, SweptCache } from './own-caches.js';

// Every cache here has a bound; some reach it after hundreds of calls, some after tens of thousands, some after minutes.
const articles = new LRUCache({ max: 1000 });
const translations = new LRUCache({ max: 50_000 });
const quotations = new LRUCache({ max: 5000, ttl: 30_000, ttlAutopurge: true });
const lookups = new FirstInFirstOut(300);
const rates = new MinuteCache(30_000);
const forecasts = new MinuteCache(5 * 60_000);
const visitors = new SweptCache({ maxAgeMs: 10 * 60_000, sweepEveryMs: 60_000 });
const labels = new Interned();
const schemas = new Map();

const readOnlyHint = true;
const text = z.string().min(1).max(80);
const answer = (value) => ({ content: [{ type: 'text', text: String(value) }] });
const pageOf = (word) => ({ word, lines: Array.from({ length: 40 }, (_, line) => `${line}: ${word}`) });
const server = new McpServer({ name: 'library', version: '5.2.0' });

/** A tool that looks something up under a text and keeps it by what `remember` does. */
function register(name, description, remember) {
  server.registerTool(
    name,
    { description, inputSchema: { word: text }, annotations: { readOnlyHint } },
    async ({ word }) => answer(remember(word).lines.length),
  );
}

register('read_article', 'Reads an article.', (word) => {
  if (!articles.has(word)) articles.set(word, pageOf(word));
  return articles.get(word);
});
register('translate_word', 'Translates a word.', (word) => {
  if (!translations.has(word)) translations.set(word, pageOf(word));
  return translations.get(word);
});
register('find_quotation', 'Finds a quotation.', (word) => {
  if (!quotations.has(word)) quotations.set(word, pageOf(word));
  return quotations.get(word);
});
register('look_up', 'Looks a word up.', (word) => lookups.get(word, pageOf));
register('exchange_rate', 'The rate of a currency.', (word) => rates.get(word, pageOf));
register('forecast', 'The weather of the next days.', (word) => forecasts.get(word, pageOf));
register('greet', 'Greets a visitor by name.', (word) => visitors.get(word, pageOf));

server.registerTool(
  'shelf_of',
  {
    description: 'The shelf of a book.',
    inputSchema: { book: z.number().int().min(1).max(100_000) },
    annotations: { readOnlyHint },
  },
  async ({ book }) => answer(labels.of(`shelf ${book % 400}`).text),
);

server.registerTool(
  'check_card',
  {
    description: 'Checks the number on a reader’s card.',
    inputSchema: {
      kind: z.enum(['child', 'adult', 'student', 'guest', 'staff', 'company']),
      number: z.number().int().min(1).max(1_000_000),
    },
    annotations: { readOnlyHint },
  },
  async ({ kind, number }) => {
    if (!schemas.has(kind)) {
      schemas.set(kind, z.object({ kind: z.literal(kind), number: z.number().int().min(kind.length) }));
    }
    return answer(schemas.get(kind).safeParse({ kind, number }).success);
  },
);

await server.connect(new StdioServerTransport());
