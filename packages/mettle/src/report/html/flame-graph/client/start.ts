import type { App, Model } from './app.ts';
import type {
  focusNode as FocusNode,
  paintNow as PaintNow,
  rebuild as Rebuild,
  requestPaint as RequestPaint,
  restyle as Restyle,
  searchFor as SearchFor,
  showAll as ShowAll,
  zoomTo as ZoomTo,
} from './actions.ts';
import type { bindKeys as BindKeys, bindPointer as BindPointer, bindWheel as BindWheel } from './input.ts';
import type {
  makeView as MakeView,
  sumMatches as SumMatches,
  unpackProfile as UnpackProfile,
} from './model.ts';
import type { Canvas, PageDocument, PageElement, PageEvent } from './page.ts';
import type { readColours as ReadColours } from './paint.ts';
import type {
  blockAt as BlockAt,
  blockByKey as BlockByKey,
  describeBlock as DescribeBlock,
} from './strip.ts';
import type { PackedProfile } from '../pack.ts';

type Observer = new (changed: () => void) => {
  observe(element: PageElement, options?: { readonly attributes: boolean }): void;
};

declare const bindKeys: typeof BindKeys;
declare const bindPointer: typeof BindPointer;
declare const bindWheel: typeof BindWheel;
declare const blockAt: typeof BlockAt;
declare const blockByKey: typeof BlockByKey;
declare const describeBlock: typeof DescribeBlock;
declare const document: PageDocument;
declare const focusNode: typeof FocusNode;
declare const makeView: typeof MakeView;
declare const matchMedia: (query: string) => PageElement;
declare const MutationObserver: Observer;
declare const paintNow: typeof PaintNow;
declare const readColours: typeof ReadColours;
declare const rebuild: typeof Rebuild;
declare const requestPaint: typeof RequestPaint;
declare const ResizeObserver: Observer;
declare const restyle: typeof Restyle;
declare const searchFor: typeof SearchFor;
declare const showAll: typeof ShowAll;
declare const sumMatches: typeof SumMatches;
declare const zoomTo: typeof ZoomTo;
declare const unpackProfile: typeof UnpackProfile;

/** Brings a flame graph of the page to life. */
export function startFlameGraph(root: PageElement): void {
  const part = (name: string): PageElement => root.querySelector(`.flame-${name}`) as PageElement;
  const canvas = part('canvas') as Canvas;
  const strip = root.querySelector('.flame-strip') as Canvas | null;
  const pen = canvas.getContext('2d', { alpha: false });
  if (pen === null) return;
  const model: Model = unpackProfile(JSON.parse(part('data').textContent ?? '') as PackedProfile);
  const settings = { subject: -1, inverted: false, hideModules: false, hideInternals: false };
  // Shown before anything is measured: what is hidden has no size.
  part('live-part').hidden = false;
  const view = makeView(model, settings);
  const app: App = {
    model,
    settings,
    parts: {
      root,
      canvas,
      strip,
      scroller: part('scroller'),
      status: part('status'),
      live: part('live'),
      tooltip: part('tooltip'),
      crumbs: part('crumbs'),
      legend: part('legend'),
      search: part('search'),
      found: part('found'),
      reset: part('reset'),
      subject: part('subject'),
      rows: part('rows'),
    },
    pen,
    stripPen: strip?.getContext('2d', { alpha: false }) ?? null,
    view,
    colours: readColours(root, canvas, model),
    characterWidth: 7,
    fromUs: 0,
    toUs: view.totalUs[0] as number,
    zoomed: 0,
    focused: -1,
    block: -1,
    hovered: -1,
    matches: null,
    pickedOwner: -1,
    paintPending: false,
    afterwardsPending: false,
  };
  bindControls(app);
  bindPointer(app);
  bindWheel(app);
  bindKeys(app);
  bindStrip(app);
  bindSurroundings(app);
  showAll(app);
  paintNow(app);
}

/** Select, search field, switches and reset. */
export function bindControls(app: App): void {
  const { parts, settings } = app;
  parts.subject.addEventListener('change', () => {
    settings.subject = Number(parts.subject.value);
    rebuild(app);
  });
  for (const name of ['inverted', 'hideModules', 'hideInternals'] as const) {
    const box = parts.root.querySelector(`[name=${name}]`) as PageElement;
    // Browsers keep switches over a reload.
    box.checked = false;
    box.addEventListener('change', () => {
      settings[name] = box.checked;
      rebuild(app);
    });
  }
  parts.subject.value = '-1';
  parts.search.value = '';
  parts.search.addEventListener('input', () => searchFor(app, parts.search.value));
  parts.search.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') {
      parts.search.value = '';
      searchFor(app, '');
      parts.canvas.focus({ preventScroll: true });
    }
    if (event.key !== 'Enter' || app.matches === null) return;
    event.preventDefault();
    const { hottest } = sumMatches(app.view, app.matches, app.zoomed);
    if (hottest < 0) return;
    focusNode(app, hottest);
    parts.canvas.focus({ preventScroll: true });
  });
  parts.reset.addEventListener('click', () => {
    zoomTo(app, 0);
    parts.canvas.focus({ preventScroll: true });
  });
}

/** Comes to a block, and says which. */
export function focusBlock(app: App, block: number): void {
  app.block = block;
  app.parts.status.textContent = describeBlock(app, block);
  app.parts.live.textContent = app.parts.status.textContent;
  requestPaint(app);
}

/** Shows one tool alone, or with -1 all of them. */
export function showSubject(app: App, owner: number): void {
  app.settings.subject = owner;
  app.parts.subject.value = String(owner);
  rebuild(app);
}

/** A click on a block, or Enter when the keys have come to it, shows the tool that blocked. */
export function bindStrip(app: App): void {
  const { strip, status } = app.parts;
  if (strip === null) return;
  const under = (event: PageEvent): number =>
    blockAt(app, event.clientX - strip.getBoundingClientRect().left);
  const choose = (block: number): void => {
    const owner = app.model.blocks[block]?.[0] ?? -1;
    if (owner >= 0) showSubject(app, owner);
    if (block >= 0) focusBlock(app, block);
  };
  strip.addEventListener('pointermove', (event) => {
    const block = under(event);
    if (block >= 0) status.textContent = describeBlock(app, block);
  });
  strip.addEventListener('click', (event) => choose(under(event)));
  strip.addEventListener('focus', () => {
    if (app.block >= 0) focusBlock(app, app.block);
  });
  strip.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const block = blockByKey(app, event.key);
    if (block >= 0) focusBlock(app, block);
    else if (event.key === 'Enter' || event.key === ' ') choose(app.block);
    else if (event.key === 'Escape') showSubject(app, -1);
    else return;
    event.preventDefault();
  });
}

/** Scrolling, size, theme, and the key that finds the search field from anywhere on the page. */
export function bindSurroundings(app: App): void {
  const { scroller, root, search } = app.parts;
  scroller.addEventListener('scroll', () => requestPaint(app), { passive: true });
  new ResizeObserver(() => requestPaint(app)).observe(scroller);
  new MutationObserver(() => restyle(app)).observe(document.documentElement, { attributes: true });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => restyle(app));
  document.addEventListener('keydown', (event) => {
    const at = document.activeElement;
    const typing = at !== null && (/^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName) || at.isContentEditable);
    if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const box = root.getBoundingClientRect();
    // A page may hold other things to search: the key is ours while the graph is on the screen.
    if (box.top > document.documentElement.clientHeight || box.top + box.height < 0) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}
