import type { App } from './app.ts';
import type { findFrames as FindFrames, makeView as MakeView, searchTexts as SearchTexts } from './model.ts';
import type {
  fitCanvas as FitCanvas,
  paintFrames as PaintFrames,
  readColours as ReadColours,
  rowHeight as RowHeight,
} from './paint.ts';
import type {
  announceNode as AnnounceNode,
  showCrumbs as ShowCrumbs,
  showFound as ShowFound,
  showLegend as ShowLegend,
  showStatus as ShowStatus,
  showTable as ShowTable,
} from './panel.ts';
import type { paintStrip as PaintStrip } from './strip.ts';

declare const announceNode: typeof AnnounceNode;
declare const findFrames: typeof FindFrames;
declare const fitCanvas: typeof FitCanvas;
declare const makeView: typeof MakeView;
declare const paintFrames: typeof PaintFrames;
declare const paintStrip: typeof PaintStrip;
declare const readColours: typeof ReadColours;
declare const requestAnimationFrame: (callback: () => void) => number;
declare const rowHeight: typeof RowHeight;
declare const searchTexts: typeof SearchTexts;
declare const showCrumbs: typeof ShowCrumbs;
declare const showFound: typeof ShowFound;
declare const showLegend: typeof ShowLegend;
declare const showStatus: typeof ShowStatus;
declare const showTable: typeof ShowTable;

/** Draws at the next frame of the screen, once however often it is asked. */
export function requestPaint(app: App): void {
  if (app.paintPending) return;
  app.paintPending = true;
  requestAnimationFrame(() => paintNow(app));
}

/** Draws, and tells whoever listens (the measuring script) that it did. */
export function paintNow(app: App): void {
  app.paintPending = false;
  fitCanvas(app);
  paintFrames(app);
  paintStrip(app);
  app.parts.root.dispatchEvent(new Event('flame-painted'));
}

/** Reads the theme anew and draws with it. */
export function restyle(app: App): void {
  app.colours = readColours(app.parts.root, app.parts.canvas, app.model);
  showLegend(app);
  requestPaint(app);
}

/** Builds the tree that the settings ask for and shows all of it. */
export function rebuild(app: App): void {
  app.view = makeView(app.model, app.settings);
  showAll(app);
}

/** Shows the whole view, with nothing zoomed or focused. */
export function showAll(app: App): void {
  app.fromUs = 0;
  app.toUs = app.view.totalUs[0] as number;
  app.zoomed = 0;
  app.focused = -1;
  app.hovered = -1;
  app.parts.scroller.scrollTop = 0;
  // The spacer makes the box scroll, and the box is no higher than its content.
  app.parts.scroller.style.setProperty('--flame-content', `${(app.view.deepest + 1) * rowHeight() + 4}px`);
  showCrumbs(app);
  showFound(app);
  showLegend(app);
  showStatus(app, -1);
  requestPaint(app);
  if (app.afterwardsPending) return;
  app.afterwardsPending = true;
  setTimeout(() => finishAfterwards(app));
}

/** What nobody waits for comes after the picture: the table in its fold, and the texts that a search will look through. */
export function finishAfterwards(app: App): void {
  app.afterwardsPending = false;
  showTable(app);
  searchTexts(app.model);
}

/** Fills the canvas with one node and what it calls. */
export function zoomTo(app: App, node: number): void {
  app.zoomed = node;
  app.fromUs = app.view.startUs[node] as number;
  app.toUs = app.fromUs + (app.view.totalUs[node] as number);
  reveal(app, node);
  showCrumbs(app);
  showFound(app);
  showStatus(app, node === 0 ? -1 : node);
  requestPaint(app);
}

/** Shows a stretch of time, at least a millionth of all, within the bounds; the crumbs follow to the node that holds it. */
export function zoomRange(app: App, fromUs: number, toUs: number): void {
  const all = app.view.totalUs[0] as number;
  const length = Math.min(all, Math.max(toUs - fromUs, all / 1e6));
  app.fromUs = Math.min(Math.max(0, fromUs), all - length);
  app.toUs = app.fromUs + length;
  let node = 0;
  for (let child = 1; child < (app.view.end[node] as number);) {
    const start = app.view.startUs[child] as number;
    if (start <= app.fromUs && start + (app.view.totalUs[child] as number) >= app.toUs) {
      node = child;
      child = node + 1;
    } else child = app.view.end[child] as number;
  }
  app.zoomed = length === all ? 0 : node;
  showCrumbs(app);
  showFound(app);
  requestPaint(app);
}

/** Moves the keys' focus to a node, brings it into view and reads it out. */
export function focusNode(app: App, node: number): void {
  app.focused = node;
  const start = app.view.startUs[node] as number;
  const end = start + (app.view.totalUs[node] as number);
  // Outside the stretch in view, or too narrow there to be seen: show its caller's stretch.
  const seen = ((end - start) / (app.toUs - app.fromUs)) * app.parts.canvas.clientWidth;
  if (end <= app.fromUs || start >= app.toUs || seen < 3)
    zoomTo(app, Math.max(0, app.view.parent[node] as number));
  reveal(app, node);
  showStatus(app, node);
  announceNode(app, node);
  requestPaint(app);
}

/** Scrolls so that the node's row can be seen. */
export function reveal(app: App, node: number): void {
  const { scroller } = app.parts;
  const top = (app.view.depth[node] as number) * rowHeight();
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  const bottom = top + rowHeight() * 2 - scroller.clientHeight;
  if (bottom > scroller.scrollTop) scroller.scrollTop = bottom;
}

/** Marks what the search field asks for. */
export function searchFor(app: App, query: string): void {
  const result = findFrames(app.model, query);
  app.pickedOwner = -1;
  app.matches = typeof result === 'string' ? null : result;
  showLegend(app);
  showFound(app);
  if (typeof result === 'string') app.parts.found.textContent = result;
  requestPaint(app);
}

/** Marks the frames of one owner; once more takes the mark away. */
export function pickOwner(app: App, owner: number): void {
  const picked = app.pickedOwner === owner ? -1 : owner;
  app.parts.search.value = '';
  app.pickedOwner = picked;
  app.matches =
    picked < 0 ? null : Uint8Array.from(app.model.frames.owner, (own) => (own === picked ? 1 : 0));
  showLegend(app);
  showFound(app);
  app.parts.live.textContent = app.parts.found.textContent;
  requestPaint(app);
}
