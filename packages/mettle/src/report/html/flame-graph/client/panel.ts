import type { App } from './app.ts';
import type { sumMatches as SumMatches, topFunctions as TopFunctions } from './model.ts';
import type { PageDocument, PageElement } from './page.ts';
import type {
  describeNode as DescribeNode,
  formatShare as FormatShare,
  formatUs as FormatUs,
  labelOf as LabelOf,
  placeOf as PlaceOf,
} from './words.ts';
import type { pickOwner as PickOwner, zoomTo as ZoomTo } from './actions.ts';

declare const document: PageDocument;
declare const describeNode: typeof DescribeNode;
declare const formatShare: typeof FormatShare;
declare const formatUs: typeof FormatUs;
declare const labelOf: typeof LabelOf;
declare const placeOf: typeof PlaceOf;
declare const pickOwner: typeof PickOwner;
declare const sumMatches: typeof SumMatches;
declare const topFunctions: typeof TopFunctions;
declare const zoomTo: typeof ZoomTo;

/** An element with text: text only, so a hostile name stays a name. */
export function element(tag: string, className: string, text: string): PageElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

/** Says in the line below the graph what a node is; its standing text for -1. */
export function showStatus(app: App, node: number): void {
  const { status, root } = app.parts;
  if (node < 0) {
    const all = app.view.totalUs[0] as number;
    status.replaceChildren(
      `${formatUs(all)} of main-thread time in view. Click a frame to zoom, arrow keys to walk, / to search.`,
    );
    return;
  }
  const { name, place, times } = describeNode(app, node);
  status.replaceChildren(element('b', '', name), ` ${place === '' ? '' : `${place} · `}${times}`);
  root.setAttribute('data-node', String(node));
}

/** Reads a node out. */
export function announceNode(app: App, node: number): void {
  const { name, place, times } = describeNode(app, node);
  app.parts.live.textContent = `${name}, ${place === '' ? '' : `${place}, `}${times.replaceAll(' · ', ', ')}, depth ${app.view.depth[node]}`;
}

/** The note beside the pointer; hidden for -1. */
export function showTooltip(app: App, node: number, x: number, y: number): void {
  const { tooltip, root } = app.parts;
  tooltip.hidden = node < 0;
  if (node < 0) return;
  const { name, place, times } = describeNode(app, node);
  tooltip.replaceChildren(element('b', '', name), element('span', '', place), element('span', '', times));
  const box = root.getBoundingClientRect();
  const left = Math.max(0, Math.min(x - box.left + 14, box.width - tooltip.offsetWidth));
  const below = y - box.top + 18;
  const top = below + tooltip.offsetHeight > box.height ? y - box.top - tooltip.offsetHeight - 10 : below;
  tooltip.style.setProperty('transform', `translate(${left}px,${top}px)`);
}

/** The callers of the zoomed node, each a way back; a long chain is cut in its middle. */
export function showCrumbs(app: App): void {
  const { view, model, parts } = app;
  const path: number[] = [];
  for (let node = app.zoomed; node >= 0; node = view.parent[node] as number) path.unshift(node);
  const shown = path.length > 7 ? [...path.slice(0, 2), -1, ...path.slice(-4)] : path;
  parts.reset.disabled = app.fromUs === 0 && app.toUs === view.totalUs[0];
  parts.crumbs.replaceChildren(
    ...shown.map((node) => {
      const item = element('li', '', node < 0 ? '…' : '');
      if (node < 0) return item;
      const button = element('button', '', labelOf(model, view.frame[node] as number));
      button.type = 'button';
      if (node === app.zoomed) button.setAttribute('aria-current', 'true');
      button.addEventListener('click', () => zoomTo(app, node));
      item.append(button);
      return item;
    }),
  );
  // The last ones matter most.
  parts.crumbs.scrollLeft = 1e6;
}

/** So many owners stand in the legend; the rest are slivers. */
export function legendLength(): number {
  return 14;
}

/** Whose code has which colour, and how much of the time is its own. */
export function showLegend(app: App): void {
  const { model, view, colours, parts } = app;
  const us = new Float64Array(model.owners.length);
  const present = new Uint8Array(model.owners.length);
  view.plain.frame.forEach((frame, i) => {
    const owner = model.frames.owner[frame] as number;
    us[owner] = (us[owner] as number) + (view.plain.selfUs[i] as number);
    if (i > 0) present[owner] = 1;
  });
  const ranked = model.owners
    .map((_, i) => i)
    .filter((i) => (us[i] as number) > 0 || (present[i] === 1 && model.owners[i]?.kind !== 'subject'));
  ranked.sort((a, b) => (us[b] as number) - (us[a] as number));
  parts.legend.replaceChildren(
    ...ranked.slice(0, legendLength()).map((i) => {
      const item = document.createElement('li');
      const button = element('button', '', '');
      button.type = 'button';
      const swatch = element('i', '', '');
      swatch.style.setProperty('background', colours.fill[i] as string);
      button.append(
        swatch,
        model.owners[i]?.name ?? '',
        element('small', '', formatShare(us[i] as number, view.totalUs[0] as number)),
      );
      button.setAttribute('aria-pressed', String(app.pickedOwner === i));
      button.addEventListener('click', () => pickOwner(app, i));
      item.append(button);
      return item;
    }),
    ...(ranked.length > legendLength()
      ? [element('li', 'flame-legend-more', `and ${ranked.length - legendLength()} more`)]
      : []),
  );
}

/** How much of what is zoomed to matches the search. */
export function showFound(app: App): void {
  if (app.matches === null) {
    app.parts.found.textContent = '';
    return;
  }
  const { us, functions } = sumMatches(app.view, app.matches, app.zoomed);
  const all = app.view.totalUs[app.zoomed] as number;
  app.parts.found.textContent =
    functions === 0
      ? 'nothing matches'
      : `${functions} function${functions === 1 ? '' : 's'}, ${formatShare(us, all)} of the time with what they call`;
}

/** The table of the costliest functions: the same figures without the picture. */
export function showTable(app: App): void {
  const { model, view, parts } = app;
  const all = view.totalUs[0] as number;
  parts.rows.replaceChildren(
    ...topFunctions(model, view.plain, 25).map(({ frame, selfUs, totalUs }) => {
      const row = document.createElement('tr');
      const name = element('th', '', model.frames.name[frame] as string);
      name.setAttribute('scope', 'row');
      row.append(
        name,
        element('td', 'n', formatUs(selfUs)),
        element('td', 'n', formatShare(selfUs, all)),
        element('td', 'n', formatShare(totalUs, all)),
        element('td', 'flame-place', placeOf(model, frame)),
        element('td', '', model.owners[model.frames.owner[frame] as number]?.name ?? ''),
      );
      return row;
    }),
  );
}
