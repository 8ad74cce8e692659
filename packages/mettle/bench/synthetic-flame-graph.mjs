/* A flame graph of a profile as a busy server would give, of any size: for measuring and for pictures. */
import { renderFlameGraph } from '../dist/report/html/flame-graph/render.js';

/** Reproducible: the same profile at every run (mulberry32). */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Call paths as a busy server has them: few hot, many cold, some deep, in some 8,000 functions of 12 packages. */
function syntheticProfile(count) {
  const random = randomFrom(7);
  const cwd = '/home/me/server';
  const packages = [
    'zod',
    '@modelcontextprotocol/sdk',
    'ajv',
    'express',
    'pg',
    'undici',
    'lodash',
    '@scope/parser',
    'bcryptjs',
    'yaml',
    'semver',
    'uuid',
  ];
  const verbs = [
    'parse',
    'validate',
    'resolve',
    'render',
    'compile',
    'visit',
    'encode',
    'match',
    'collect',
    'hash',
    'query',
    'format',
  ];
  const nouns = ['Schema', 'Row', 'Token', 'Request', 'Invoice', 'Path', 'Node', 'Header', 'Buffer', 'Index'];
  const functions = Array.from({ length: Math.min(8000, Math.ceil(count / 4)) }, (_, i) => {
    const name = verbs[i % verbs.length] + nouns[(i * 7) % nouns.length] + (i > 120 ? i : '');
    const kind = random();
    if (kind < 0.03) return { functionName: name, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };
    const url =
      kind < 0.3
        ? `file://${cwd}/src/${nouns[i % nouns.length].toLowerCase()}s.ts`
        : kind < 0.45
          ? `node:internal/${['streams/readable', 'process/task_queues', 'fs/promises', 'timers'][i % 4]}`
          : `file://${cwd}/node_modules/${packages[Math.floor(random() ** 2 * packages.length)]}/dist/index.js`;
    return {
      functionName: name,
      scriptId: String(i),
      url,
      lineNumber: Math.floor(random() * 900),
      columnNumber: 4,
    };
  });
  const synthetic = (functionName) => ({
    functionName,
    scriptId: '0',
    url: '',
    lineNumber: -1,
    columnNumber: -1,
  });
  const profileNodes = ['(root)', '(idle)', '(program)', '(garbage collector)'].map((name, i) => ({
    id: i + 1,
    callFrame: synthetic(name),
    children: [],
  }));
  profileNodes[0].children.push(2, 3, 4);
  const depths = [0, 1, 1, 1];
  while (profileNodes.length < count) {
    // New paths branch off recent ones: that makes deep trees.
    const at = random() < 0.02 ? 0 : Math.max(4, profileNodes.length - 1 - Math.floor(random() ** 3 * 2000));
    const parent = at < profileNodes.length && depths[at] < 60 ? at : 0;
    const id = profileNodes.length + 1;
    profileNodes.push({
      id,
      callFrame: functions[Math.floor(random() ** 1.5 * functions.length)],
      children: [],
    });
    depths.push(depths[parent] + 1);
    profileNodes[parent].children.push(id);
  }
  const subjects = [
    '',
    'search_documents',
    'render_invoice',
    'hash_password',
    'list_orders',
    'export_report',
  ];
  const [samples, timeDeltas, sampleSubjects] = [[], [], []];
  const topOf = new Map();
  const parents = new Map(profileNodes.flatMap((node) => node.children.map((child) => [child, node.id])));
  for (const node of profileNodes)
    topOf.set(
      node.id,
      node.id === 1 || parents.get(node.id) === 1 ? node.id : topOf.get(parents.get(node.id)),
    );
  const add = (id) => {
    samples.push(id);
    timeDeltas.push(700 + Math.floor(random() * 600));
    sampleSubjects.push(id <= 3 ? 0 : id === 4 ? 1 + (samples.length % 5) : topOf.get(id) % subjects.length);
  };
  for (let id = 2; id <= profileNodes.length; id++) add(id);
  // Half of the time is spent in a few functions, wherever they are called from.
  const hot = profileNodes
    .filter((node) => Number(node.callFrame.scriptId) % 211 === 5)
    .map((node) => node.id);
  for (let i = 0; i < count; i++) add(hot[Math.floor(random() ** 3 * hot.length)] ?? 4);
  for (let i = 0; i < count / 2; i++) add(2 + Math.floor(random() ** 4 * (profileNodes.length - 2)));
  const endTime = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  return {
    cwd,
    evidence: {
      profile: { nodes: profileNodes, startTime: 0, endTime, samples, timeDeltas },
      subjects,
      sampleSubjects,
    },
  };
}

function blocksFor(subjects) {
  const random = randomFrom(11);
  let at = 0;
  return Array.from({ length: 60 }, () => {
    at += 200 + random() * 900;
    return {
      subject: subjects[Math.floor(random() * subjects.length)] || null,
      startedAtMs: at,
      wallMs: 50 + random() ** 5 * 900,
    };
  });
}

/** A page with nothing but the flame graph of so many nodes. */
export function renderPage(nodes) {
  const { cwd, evidence } = syntheticProfile(nodes);
  const startedAt = process.cpuUsage();
  const graph = renderFlameGraph(evidence, {
    home: { cwd, packages: [] },
    blocks: blocksFor(evidence.subjects),
  });
  const renderMs = process.cpuUsage(startedAt).user / 1000;
  const colours = `:root{color-scheme:light dark;--paper:light-dark(#fcfbf8,#161514);--ink:light-dark(#1e1c19,#ece8e0);--muted:light-dark(#67625a,#a49d92);--line:light-dark(#e2ddd3,#36322d);--accent:light-dark(#1c5d86,#82bde6)}
body{margin:0;padding:clamp(1rem,4vw,3.5rem);background:var(--paper);color:var(--ink);font:400 1rem/1.55 system-ui,sans-serif}`;
  const page = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${graph.scriptSha256}'">
<title>Flame graph</title><style>${colours}${graph.styles}</style></head><body><h2>Where the time went</h2>${graph.markup.markup}<script>${graph.script}</script></body></html>`;
  const frames = JSON.parse(/class="flame-data">(.*?)<\/script>/s.exec(page)[1]);
  console.log(
    `${frames.nodeCount.toLocaleString('en-US')} nodes, ${evidence.profile.samples.length.toLocaleString('en-US')} samples: rendered in ${renderMs.toFixed(0)} ms of CPU, page ${(page.length / 1e6).toFixed(2)} MB`,
  );
  return page;
}
