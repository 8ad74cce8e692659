/** What opening a server shows: latency by phase, the inside, facts, changes of its tools, its incidents. */
export const SERVER_DETAIL: string = `
const PHASES = ['spawn', 'dns', 'connect', 'tls', 'http', 'handshake', 'list', 'call'];
const SHOWN = 120;

function latency(detail) {
  const looks = detail.looks.slice(0, SHOWN).reverse(), phases = PHASES.filter((phase) => looks.some((look) => phase in look.phases));
  if (looks.length === 0) return null;
  // One look that took ten seconds must not flatten all others: the scale ends at the 98th of 100, higher ones are cut.
  const sorted = looks.map((look) => look.durationMs).sort((a, b) => a - b), top = Math.max(1, sorted[Math.floor((sorted.length - 1) * 0.98)] * 1.1);
  const plot = svg('svg', { class: 'plot', viewBox: '0 0 ' + SHOWN + ' 100', preserveAspectRatio: 'none', role: 'img',
    'aria-label': 'Latency by phase of the last ' + plural(looks.length, 'look') + ', the longest ' + ms(sorted.at(-1)) });
  looks.forEach((look, i) => {
    const x = SHOWN - looks.length + i;
    let y = 100;
    const group = svg('g', {}, svg('title', {}));
    group.firstChild.textContent = time(look.atMs) + ': ' + (look.status === 'up' ? '' : look.sentence + ' ') +
      Object.entries(look.phases).map(([phase, value]) => phase + ' ' + ms(value)).join(', ');
    if (look.status === 'down') group.append(svg('rect', { class: 'failed', x, y: 0, width: 0.8, height: 4 }));
    for (const phase of phases) {
      const height = (look.phases[phase] ?? 0) / top * 100;
      y -= height;
      group.append(svg('rect', { class: phase, x, y, width: 0.8, height }));
    }
    plot.append(group);
  });
  const last = detail.looks[0];
  return el('figure', {}, el('h3', { textContent: 'Latency by phase' }), el('figcaption', { textContent: 'Up to ' + ms(top) + '; ' + plural(looks.length, 'look') + ', a failed one marked at the top.' }), plot,
    el('div', { className: 'ends' }, el('span', { textContent: time(looks[0].atMs) }), el('span', { textContent: clock(looks.at(-1).atMs) })),
    el('ul', { className: 'legend' }, ...phases.map((phase) => el('li', {}, el('i', { className: phase }), phase + (last.phases[phase] == null ? '' : ' ' + ms(last.phases[phase]))))));
}

function line(looks, title, of, shown, limit = null) {
  const points = looks.map((look, i) => [i, look.inside && of(look.inside)]).filter(([, value]) => value != null);
  if (points.length === 0) return null;
  const most = Math.max(...points.map(([, value]) => value)), [, now] = points.at(-1);
  const drawn = svg('svg', { viewBox: '0 0 ' + Math.max(1, looks.length - 1) + ' 100', preserveAspectRatio: 'none', role: 'img', 'aria-label': title + ': now ' + shown(now) + ', at most ' + shown(most) },
    svg('polyline', { points: points.map(([x, value]) => x + ',' + (96 - value / (most || 1) * 90)).join(' ') }));
  return el('figure', {}, el('figcaption', { textContent: title }), el('b', { textContent: shown(now) }), drawn, el('figcaption', { textContent: 'at most ' + shown(most) + (limit == null ? '' : ', limit ' + shown(limit)) }));
}

function inside(detail) {
  const looks = detail.looks.slice(0, SHOWN).reverse(), facts = detail.inside?.facts, fault = detail.inside?.fault;
  const figures = [line(looks, 'Heap', (it) => it.heapBytes, mib, facts?.heapLimitBytes), line(looks, 'Memory', (it) => it.rssBytes, mib),
    line(looks, 'Event loop delay', (it) => it.eventLoopDelayMs, ms), line(looks, 'Calls that run', (it) => it.running, String),
    line(looks, 'Calls that wait', (it) => it.queued, String), line(looks, 'Calls refused', (it) => it.refused, String)].filter(Boolean);
  if (figures.length === 0 && fault == null) return [];
  return [el('h3', { textContent: 'Inside, as its runtime tells' }), el('div', { className: 'inside' }, ...figures),
    fault == null ? null : el('p', { className: 'note', textContent: 'Not read at the last look: ' + fault + '.' })];
}

// What both texts begin and end with is no change: only what stands between is marked.
function changed(before, after) {
  let start = 0, end = 0;
  while (start < Math.min(before.length, after.length) && before[start] === after[start]) start++;
  while (end < Math.min(before.length, after.length) - start && before.at(-1 - end) === after.at(-1 - end)) end++;
  const parts = (text, tag) => [text.slice(0, start), el(tag, { textContent: text.slice(start, text.length - end) }), text.slice(text.length - end)];
  return [el('pre', { className: 'was' }, ...parts(before, 'del')), el('pre', { className: 'is' }, ...parts(after, 'ins'))];
}
const text = (value) => { try { return JSON.stringify(JSON.parse(value), null, 2); } catch { return value; } };
function change(atMs, { tool, kind, before, after }) {
  const one = kind === 'added' ? [el('pre', { className: 'is' }, el('ins', { textContent: after || '(no description)' }))] : kind === 'removed' ? [el('pre', { className: 'was' }, el('del', { textContent: before || '(no description)' }))] : changed(text(before ?? ''), text(after ?? ''));
  const told = kind === 'added' || kind === 'removed' ? kind : 'its ' + kind + ' changed';
  const node = el('div', { className: 'change' }, el('p', {}, el('b', { textContent: tool }), ' ' + told + ', ' + time(atMs)), ...one);
  for (const pre of node.querySelectorAll('pre')) pre.tabIndex = 0;
  return node;
}

const incidentTime = (it) => time(it.startedAtMs) + (it.endedAtMs == null ? ', not over' : it.endedAtMs === it.startedAtMs ? '' : ', for ' + span(it.startedAtMs, it.endedAtMs));

function body(detail) {
  const regions = detail.regions ?? [];
  const facts = [['Address', detail.url], ['Server', detail.server && (detail.server.name + ' ' + detail.server.version).trim()], ['Protocol', detail.protocolVersion], ['Tools', detail.tools],
    ['Certificate valid until', detail.certificateValidTo && time(detail.certificateValidTo)], ['Last look', time(detail.lastLookAt)], ['Looked at every', span(0, detail.intervalMs)], ['In 48 hours', detail.missed.slots ? missedLooks(detail.missed) : '']].filter(([, value]) => value != null && value !== '');
  const seen = regions.length < 2 ? [] : [el('h3', { textContent: 'Regions' }), table(regions.map((each) => [each.region + (each.isAlive ? '' : ' (gone)'), each.status + ', ' + ms(each.durationMs) + ', ' + time(each.lastLookAt) + ': ' + each.sentence]))];
  const changes = detail.toolChanges.flatMap((at) => at.changes.map((each) => change(at.atMs, each)));
  return [latency(detail), ...inside(detail), el('h3', { textContent: 'Facts' }), table(facts), ...seen,
    ...(changes.length ? [el('h3', { textContent: 'Changes of its tools' }), ...changes] : []),
    ...(detail.incidents.length ? [el('h3', { textContent: 'Its incidents' }), table(detail.incidents.map((it) => [incidentTime(it), it.kind + ': ' + it.sentence]))] : [])].filter(Boolean);
}
`;
