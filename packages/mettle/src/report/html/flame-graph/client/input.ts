import type { App } from './app.ts';
import type {
  focusNode as FocusNode,
  requestPaint as RequestPaint,
  zoomRange as ZoomRange,
  zoomTo as ZoomTo,
} from './actions.ts';
import type { neighbour as Neighbour, nodeAt as NodeAt } from './model.ts';
import type { PageEvent } from './page.ts';
import type { rowHeight as RowHeight } from './paint.ts';
import type { showStatus as ShowStatus, showTooltip as ShowTooltip } from './panel.ts';

declare const focusNode: typeof FocusNode;
declare const neighbour: typeof Neighbour;
declare const nodeAt: typeof NodeAt;
declare const requestPaint: typeof RequestPaint;
declare const rowHeight: typeof RowHeight;
declare const showStatus: typeof ShowStatus;
declare const showTooltip: typeof ShowTooltip;
declare const zoomRange: typeof ZoomRange;
declare const zoomTo: typeof ZoomTo;

/** The node below the pointer, or -1. */
export function nodeUnder(app: App, event: PageEvent): number {
  const box = app.parts.canvas.getBoundingClientRect();
  const us = app.fromUs + ((event.clientX - box.left) / box.width) * (app.toUs - app.fromUs);
  return nodeAt(
    app.view,
    us,
    Math.floor((event.clientY - box.top + app.parts.scroller.scrollTop) / rowHeight()),
  );
}

/** Zooms about a place of the canvas (0 = left edge, 1 = right edge); a factor below 1 comes nearer. */
export function zoomAbout(app: App, share: number, factor: number): void {
  const length = app.toUs - app.fromUs;
  const centre = app.fromUs + share * length;
  zoomRange(app, centre - share * length * factor, centre + (1 - share) * length * factor);
}

/** A held key or pointer: which node it points at, shown in line and note. */
export function hover(app: App, node: number, event: PageEvent | null): void {
  if (node !== app.hovered) {
    app.hovered = node;
    showStatus(app, node < 0 ? app.focused : node);
    requestPaint(app);
  }
  showTooltip(
    app,
    event === null || event.pointerType === 'touch' ? -1 : node,
    event?.clientX ?? 0,
    event?.clientY ?? 0,
  );
}

/** Mouse and pen: note, click, drag. Fingers: a tap shows, a second tap zooms, one drags, two pinch. */
export function bindPointer(app: App): void {
  const { canvas } = app.parts;
  const down = new Map<number, number>();
  let moved = false;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    down.set(event.pointerId, event.clientX);
    moved = down.size > 1;
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = down.get(event.pointerId);
    if (before === undefined) return hover(app, nodeUnder(app, event), event);
    const width = canvas.clientWidth;
    const box = canvas.getBoundingClientRect();
    // Less than this is an unsteady hand.
    if (!moved && Math.abs(event.clientX - before) < 5) return;
    if (!moved) canvas.setPointerCapture(event.pointerId);
    moved = true;
    hover(app, -1, null);
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    down.set(event.pointerId, event.clientX);
    if (other === undefined) {
      const shift = ((before - event.clientX) / width) * (app.toUs - app.fromUs);
      zoomRange(app, app.fromUs + shift, app.toUs + shift);
    } else {
      const apart = Math.max(20, Math.abs(event.clientX - other));
      zoomAbout(
        app,
        ((event.clientX + other) / 2 - box.left) / width,
        Math.max(20, Math.abs(before - other)) / apart,
      );
    }
  });
  canvas.addEventListener('pointerup', (event) => {
    if (!down.delete(event.pointerId) || moved || down.size > 0) return;
    const node = nodeUnder(app, event);
    if (node < 0) return;
    const shown = event.pointerType !== 'touch' || app.focused === node;
    app.focused = node;
    hover(app, -1, null);
    if (shown) zoomTo(app, node);
    showStatus(app, node);
    requestPaint(app);
  });
  for (const type of ['pointercancel', 'pointerleave']) {
    canvas.addEventListener(type, (event) => {
      if (type === 'pointercancel') down.delete(event.pointerId);
      if (!down.has(event.pointerId)) hover(app, -1, null);
    });
  }
}

/** Ctrl or Cmd and the wheel (a pinch on a trackpad) zooms, a sideways wheel pans; the plain wheel scrolls as everywhere. */
export function bindWheel(app: App): void {
  const { canvas } = app.parts;
  canvas.addEventListener(
    'wheel',
    (event) => {
      const zooms = event.ctrlKey || event.metaKey;
      const sideways =
        Math.abs(event.deltaX) > Math.abs(event.deltaY) ? event.deltaX : event.shiftKey ? event.deltaY : 0;
      if (!zooms && sideways === 0) return;
      event.preventDefault();
      const box = canvas.getBoundingClientRect();
      const lines = event.deltaMode === 1 ? 16 : 1;
      if (zooms)
        return zoomAbout(
          app,
          (event.clientX - box.left) / box.width,
          Math.exp(Math.max(-60, Math.min(60, event.deltaY * lines)) * 0.01),
        );
      const shift = ((sideways * lines) / box.width) * (app.toUs - app.fromUs);
      zoomRange(app, app.fromUs + shift, app.toUs + shift);
    },
    { passive: false },
  );
}

/** The keys of the graph. Gives whether the key was one of them. */
export function pressKey(app: App, key: string): boolean {
  const at = app.focused < 0 ? app.zoomed : app.focused;
  const directions: Record<string, 'up' | 'down' | 'left' | 'right'> = {
    ArrowUp: 'up',
    ArrowDown: 'down',
    ArrowLeft: 'left',
    ArrowRight: 'right',
  };
  const direction = directions[key];
  if (direction !== undefined) focusNode(app, app.focused < 0 ? at : neighbour(app.view, at, direction));
  else if (key === 'Enter' || key === ' ') zoomTo(app, at);
  else if (key === 'Escape' || key === '0') zoomTo(app, 0);
  else if (key === 'Backspace') zoomTo(app, Math.max(0, app.view.parent[app.zoomed] as number));
  else if (key === '+' || key === '=') zoomAbout(app, 0.5, 0.5);
  else if (key === '-') zoomAbout(app, 0.5, 2);
  else if (key === 'Home') focusNode(app, 0);
  else return false;
  return true;
}

export function bindKeys(app: App): void {
  app.parts.canvas.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (pressKey(app, event.key)) event.preventDefault();
  });
  app.parts.canvas.addEventListener('focus', () => {
    if (app.focused >= 0) focusNode(app, app.focused);
  });
}
