/** The status page: everything it shows comes from the API. */
export const PAGE: string = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>MCP servers</title>
<link rel="stylesheet" href="/page.css">
<script src="/page.js" type="module"></script>
</head>
<body>
<header><h1>MCP servers</h1><p id="summary" role="status" aria-live="polite">Loading …</p></header>
<main>
<section aria-label="Servers"><ul id="servers"></ul></section>
<section aria-labelledby="incidents-title"><h2 id="incidents-title">Incidents</h2><ul id="incidents"></ul></section>
</main>
</body>
</html>
`;

export const STYLES: string = `
:root { color-scheme: light dark; --up: #1a7f37; --down: #cf222e; --odd: #9a6700; --none: light-dark(#d8dee4, #3d444d);
  --line: light-dark(#d1d9e0, #3d444d); --soft: light-dark(#59636e, #9198a1); }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.2rem; }
ul { list-style: none; padding: 0; }
li { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; padding: .5rem .75rem; }
summary { cursor: pointer; display: grid; gap: .25rem .75rem; grid-template-columns: auto 1fr auto; align-items: baseline; }
summary:focus-visible { outline: 3px solid #0969da; outline-offset: 3px; border-radius: .25rem; }
.name { font-weight: 600; overflow-wrap: anywhere; } .soft { color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
.badge { border-radius: 1rem; color: #fff; font-size: .8rem; padding: 0 .6rem; background: var(--odd); }
.badge.up { background: var(--up); } .badge.down { background: var(--down); }
.bar { display: flex; gap: 1px; grid-column: 1 / -1; height: 1.25rem; } .bar i { background: var(--none); flex: 1; border-radius: 1px; }
.bar i.up { background: var(--up); } .bar i.part { background: var(--odd); } .bar i.down { background: var(--down); }
svg { width: 100%; height: 7rem; } table { border-collapse: collapse; font-size: .875rem; width: 100%; }
td, th { border-top: 1px solid var(--line); padding: .25rem .5rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
@media (max-width: 30rem) { summary { grid-template-columns: auto 1fr; } summary > .soft { grid-column: 1 / -1; } }
`;

export const SCRIPT: string = `
const el = (tag, props = {}, ...children) => { const node = Object.assign(document.createElement(tag), props); node.append(...children); return node; };
const ms = (value) => value == null ? '' : value < 1000 ? Math.round(value) + ' ms' : (value / 1000).toFixed(1) + ' s';
const time = (value) => value == null ? '' : new Date(value).toLocaleString();
const servers = new Map(); const rows = new Map();
const list = document.getElementById('servers');

function bar(view) {
  const hour = 3600000, now = Math.floor(Date.now() / hour) * hour, known = new Map(view.hours.map((h) => [h.hourMs, h]));
  const node = el('span', { className: 'bar' }); node.setAttribute('role', 'img');
  node.setAttribute('aria-label', view.upShare == null ? 'not looked at yet' : 'up ' + (view.upShare * 100).toFixed(2) + ' % of the last two days');
  for (let i = 47; i >= 0; i--) {
    const h = known.get(now - i * hour); const cell = el('i');
    if (h) { cell.className = h.up === h.looks ? 'up' : h.up === 0 ? 'down' : 'part'; cell.title = time(h.hourMs) + ': ' + h.up + ' of ' + h.looks + ' up, mean ' + ms(h.meanMs); }
    node.append(cell);
  }
  return node;
}

function draw(view) {
  servers.set(view.name, view);
  let row = rows.get(view.name);
  if (!row) {
    const head = el('summary'), body = el('div'), details = el('details', {}, head, body);
    details.addEventListener('toggle', () => { if (details.open) open(view.name); });
    row = { head, body, details }; rows.set(view.name, row); list.append(el('li', {}, details));
  }
  row.head.replaceChildren(
    el('span', { className: 'badge ' + view.status, textContent: view.status }),
    el('span', { className: 'name', textContent: view.name }),
    el('span', { className: 'soft', textContent: [ms(view.durationMs), view.upShare == null ? '' : (view.upShare * 100).toFixed(2) + ' %'].filter(Boolean).join(' · ') }),
    el('span', { className: 'soft', style: 'grid-column:1/-1', textContent: view.sentence }), bar(view));
  const all = [...servers.values()], down = all.filter((v) => v.status === 'down').length;
  document.getElementById('summary').textContent = down === 0 ? all.length + ' servers, none down.' : down + ' of ' + all.length + ' servers down.';
}

const COLOURS = { spawn: '#8250df', dns: '#0969da', connect: '#1b7c83', tls: '#4d2d00', http: '#bf3989', handshake: '#9a6700', list: '#1a7f37', call: '#cf222e' };
function chart(looks) {
  const ns = 'http://www.w3.org/2000/svg', svg = document.createElementNS(ns, 'svg'), shown = looks.slice(0, 120).reverse();
  const most = Math.max(1, ...shown.map((l) => l.durationMs));
  svg.setAttribute('viewBox', '0 0 ' + Math.max(1, shown.length) + ' 100'); svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img'); svg.setAttribute('aria-label', 'latency by phase of the last ' + shown.length + ' looks, at most ' + ms(most));
  shown.forEach((look, x) => { let y = 100; for (const [phase, value] of Object.entries(look.phases)) {
    const height = value / most * 100, rect = document.createElementNS(ns, 'rect'); y -= height;
    for (const [k, v] of Object.entries({ x, y, width: 0.85, height, fill: COLOURS[phase] ?? '#777' })) rect.setAttribute(k, v);
    const title = document.createElementNS(ns, 'title'); title.textContent = time(look.atMs) + ', ' + phase + ' ' + ms(value); rect.append(title); svg.append(rect); } });
  return svg;
}

async function open(name) {
  const row = rows.get(name), detail = await (await fetch('/api/servers/' + encodeURIComponent(name))).json();
  const facts = [['Address', detail.url], ['Protocol', detail.protocolVersion], ['Server', detail.server && detail.server.name + ' ' + detail.server.version], ['Tools', detail.tools],
    ['Certificate valid until', detail.certificateValidTo && time(detail.certificateValidTo)], ['Last look', time(detail.lastLookAt)],
    ['Phases', Object.entries(detail.phases).map(([p, v]) => p + ' ' + ms(v)).join(', ')]].filter(([, v]) => v != null && v !== '');
  const table = (pairs) => el('table', {}, el('tbody', {}, ...pairs.map(([a, b]) => el('tr', {}, el('th', { scope: 'row', textContent: a }), el('td', { textContent: b })))));
  const changes = detail.toolChanges.flatMap(({ atMs, changes }) => changes.map((c) => [time(atMs) + ' · ' + c.tool + ' (' + c.kind + ')', (c.before ?? '–') + '  →  ' + (c.after ?? '–')]));
  row.body.replaceChildren(chart(detail.looks), table(facts),
    ...(changes.length ? [el('h3', { textContent: 'Tool changes' }), table(changes)] : []),
    ...(detail.incidents.length ? [el('h3', { textContent: 'Incidents' }), table(detail.incidents.map((i) => [time(i.startedAtMs) + (i.endedAtMs ? ' – ' + time(i.endedAtMs) : ', open'), i.kind + ': ' + i.sentence]))] : []));
}

async function incidents() {
  const all = await (await fetch('/api/incidents')).json(), node = document.getElementById('incidents');
  node.replaceChildren(...(all.length ? all.slice(0, 50).map((i) => el('li', {}, el('span', { className: 'badge ' + (i.endedAtMs ? 'up' : 'down'), textContent: i.endedAtMs ? 'over' : 'open' }),
    ' ', el('span', { className: 'name', textContent: i.server + ': ' + i.kind }), el('div', { className: 'soft', textContent: time(i.startedAtMs) + ' · ' + i.sentence }))) : [el('li', { textContent: 'None.' })]));
}

async function all() { for (const view of await (await fetch('/api/servers')).json()) draw(view); await incidents(); }
await all();
const live = new EventSource('/api/events');
live.onmessage = (event) => { const view = JSON.parse(event.data), before = servers.get(view.name); draw(view);
  if (!before || before.status !== view.status) incidents(); if (rows.get(view.name).details.open) open(view.name); };
live.onopen = () => all();
`;
