/*
 * What each profiler's output says, read from its files: the functions with the most self time, every place it
 * names, and its verdict if it gives one. A reader of the HTML sees the same; these are the data in it.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const TOP = 5;

function hottestOf(self) {
  const total = [...self.values()].reduce((sum, value) => sum + value, 0);
  return [...self]
    .toSorted((a, b) => b[1] - a[1])
    .slice(0, TOP)
    .map(([frame, value]) => `${frame} ${((100 * value) / total).toFixed(0)} %`);
}

/** 0x: the tree that its page draws, `name` and ticks on top of the stack (`top`) of each node. */
export function read0x(cwd) {
  const file = join(cwd, 'out', 'flamegraph.html');
  if (!existsSync(file)) return null;
  const page = readFileSync(file, 'utf8');
  const self = new Map();
  for (const [, name, top] of page.matchAll(/"name":"((?:[^"\\]|\\.)*)","value":\d+,"top":(\d+)/g))
    self.set(name, (self.get(name) ?? 0) + Number(top));
  return { hottest: hottestOf(self), verdict: null, text: [...self.keys()].join('\n') };
}

/** clinic doctor: the kind of trouble it sees, from the data in its page. */
export function readDoctor(cwd) {
  const pageFile =
    existsSync(join(cwd, 'out')) && readdirSync(join(cwd, 'out')).find((file) => file.endsWith('.html'));
  if (!pageFile) return null;
  const page = readFileSync(join(cwd, 'out', pageFile), 'utf8');
  const category = /"issueCategory":"([\w-]+)"/.exec(page)?.[1] ?? 'none given';
  // Per measure, whether its curve is marked as trouble.
  const issues = /"issues":(\{.*?\}.*?\})/.exec(page)?.[1] ?? '';
  const marked = [...issues.matchAll(/"(\w+)":"(?!none)\w+"/g)].map(([, name]) => name);
  const verdict = `${category}; marked: ${marked.join(', ') || 'nothing'}`;
  // Its page carries all texts it might show; only the data are of this run, and they hold no stacks.
  return { hottest: [], verdict, text: '' };
}

/** flame: the pprof that its page and its Markdown are made from; the key observations are from the Markdown. */
export function readFlame(cwd, folder) {
  const files = readdirSync(cwd);
  const profileFile = files.find((file) => /^cpu-profile.*\.pb$/.test(file));
  if (profileFile === undefined) return null;
  const load = createRequire(join(folder, 'node_modules', '@platformatic', 'flame', 'package.json'));
  const bytes = readFileSync(join(cwd, profileFile));
  const profile = load('pprof-format').Profile.decode(bytes[0] === 0x1f ? gunzipSync(bytes) : bytes);
  const strings = profile.stringTable.strings;
  const functions = new Map(profile.function.map((each) => [each.id, each]));
  const frames = new Map(
    profile.location.map(({ id, line: [line] }) => {
      const { name, filename } = functions.get(line.functionId);
      return [id, `${strings[Number(name)]} ${strings[Number(filename)]}:${line.line}`];
    }),
  );
  const self = new Map();
  for (const { locationId, value } of profile.sample) {
    const frame = frames.get(locationId[0]);
    self.set(frame, (self.get(frame) ?? 0) + Number(value[0]));
  }
  const report = files.find((file) => /^cpu-profile.*\.md$/.test(file));
  const observations =
    report && readFileSync(join(cwd, report), 'utf8').split('## Key Observations')[1]?.trim();
  return { hottest: hottestOf(self), verdict: observations ?? null, text: [...frames.values()].join('\n') };
}

/** Mettle: the findings of its result. */
export function readMettle(out) {
  const file = join(out, 'result.json');
  if (!existsSync(file)) return null;
  const { findings, checks } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    hottest: [],
    verdict: findings.map(({ id, tool }) => `${id} in ${tool}`).join('; ') || JSON.stringify(checks.cpu),
    text: findings
      .map(
        ({ tool, title, location, evidence }) =>
          `tool: ${tool} ${title} ${location?.file}:${location?.line} ${JSON.stringify(evidence)}`,
      )
      .join('\n'),
    fixes: findings.map(({ fix }) => fix),
  };
}

/** Which of what there is to be found the output names. Only names, no judgement: the docs judge. */
export function namesIn(reading, sick) {
  if (reading === null) return { report: false };
  const file = sick.file.split(/[\\/]/).at(-1);
  return {
    report: true,
    tool: reading.text.includes(sick.tool),
    function: sick.function === null ? null : sick.function.test(reading.text),
    line: new RegExp(`${file.replace('.', '\\.')}:${sick.line}\\b`).test(reading.text),
  };
}
