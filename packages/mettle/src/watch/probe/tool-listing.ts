import { createHash } from 'node:crypto';
import type { ToolChange, ToolListing, ToolSnapshot } from '../../evidence/index.ts';
import { isObject, type JsonObject } from '../../session/rpc-message.ts';

/** What people are shown of a text that changed. */
const SHOWN_CHARACTERS = 2000;

/** The listing that these items of tools/list make. Items without a name must have been refused before. */
export function listingOf(items: readonly JsonObject[], pages: number, bytes: number): ToolListing {
  return listingOfSnapshots(items.map(snapshotOf), pages, bytes);
}

/** The same, of tools that were kept. */
export function listingOfSnapshots(
  snapshots: readonly ToolSnapshot[],
  pages: number,
  bytes: number,
): ToolListing {
  const tools = snapshots.toSorted((a, b) => compare(a.name, b.name) || compare(a.schema, b.schema));
  const hash = createHash('sha256');
  for (const { name, description, schema, rest } of tools)
    hash.update(JSON.stringify([name, description, schema, rest]));
  return { digest: hash.digest('hex'), count: tools.length, pages, bytes, tools };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function snapshotOf(item: JsonObject): ToolSnapshot {
  const { name, description, inputSchema, outputSchema, ...rest } = item;
  return {
    name: String(name),
    description: typeof description === 'string' ? description : '',
    schema: canonical(withoutDialect({ inputSchema, outputSchema })),
    rest: canonical(rest),
  };
}

/** Servers name the dialect or not, and another with each SDK; it changes no tool. */
function withoutDialect(schemas: Readonly<Record<string, unknown>>): unknown {
  return Object.fromEntries(
    Object.entries(schemas).map(([key, schema]) => {
      if (!isObject(schema)) return [key, schema];
      const { $schema: _, ...rest } = schema;
      return [key, rest];
    }),
  );
}

/** JSON with sorted keys: equal values, equal texts. By hand: a watcher does it for every tool of every look. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (!isObject(value)) return JSON.stringify(value) ?? 'null';
  const members: string[] = [];
  for (const key of Object.keys(value).toSorted()) {
    const child = value[key];
    if (child !== undefined) members.push(`${JSON.stringify(key)}:${canonical(child)}`);
  }
  return `{${members.join(',')}}`;
}

/** What changed between two listings, by tool. A tool listed twice counts as its first. */
export function compareListings(before: ToolListing, after: ToolListing): readonly ToolChange[] {
  if (before.digest === after.digest) return [];
  const earlier = byName(before.tools);
  const later = byName(after.tools);
  const names = [...new Set([...earlier.keys(), ...later.keys()])].toSorted(compare);
  return names.flatMap((tool): readonly ToolChange[] => {
    const was = earlier.get(tool);
    const is = later.get(tool);
    if (was === undefined) return [{ tool, kind: 'added', before: null, after: cut(is?.description ?? '') }];
    if (is === undefined) return [{ tool, kind: 'removed', before: cut(was.description), after: null }];
    return [
      ...changed(tool, 'description', was.description, is.description),
      ...changed(tool, 'schema', was.schema, is.schema),
      ...changed(tool, 'annotations', was.rest, is.rest),
    ];
  });
}

function byName(tools: readonly ToolSnapshot[]): ReadonlyMap<string, ToolSnapshot> {
  return new Map(tools.toReversed().map((tool) => [tool.name, tool]));
}

function changed(
  tool: string,
  kind: ToolChange['kind'],
  before: string,
  after: string,
): readonly ToolChange[] {
  return before === after ? [] : [{ tool, kind, before: cut(before), after: cut(after) }];
}

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1)}…` : text;
}
