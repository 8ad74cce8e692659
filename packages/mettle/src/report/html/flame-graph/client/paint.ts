import type { App, Colours, Model } from './app.ts';
import type { ComputedStyle, PageElement } from './page.ts';
import type { labelOf as LabelOf } from './words.ts';

declare const devicePixelRatio: number;
declare const labelOf: typeof LabelOf;
declare const getComputedStyle: (element: PageElement) => ComputedStyle;

/** Height of a row of frames; a finger can still hit it. */
export function rowHeight(): number {
  return 22;
}

/** The theme's colours as the style sheet has resolved them, and a fill per owner to go with them. */
export function readColours(root: PageElement, canvas: PageElement, model: Model): Colours {
  const style = getComputedStyle(root);
  const [red = 0, green = 0, blue = 0] = (style.color.match(/[\d.]+/g) ?? []).map(Number);
  // Light ink means dark paper. Newer colour syntax counts from 0 to 1.
  const scale = style.color.startsWith('color(') ? 255 : 1;
  const dark = (red * 0.3 + green * 0.6 + blue * 0.1) * scale > 128;
  return {
    dark,
    ink: style.color,
    paper: style.backgroundColor,
    muted: style.columnRuleColor,
    line: style.borderTopColor,
    accent: style.outlineColor,
    font: `12px ${getComputedStyle(canvas).fontFamily}`,
    fill: model.owners.map((owner, i) =>
      ownerFill(owner.kind, model.owners.slice(0, i).filter(({ kind }) => kind === 'package').length, dark),
    ),
  };
}

/** Warm for the server's own code, cool and far apart for packages, pale for what nobody here wrote. */
export function ownerFill(kind: string, packageRank: number, dark: boolean): string {
  const hues = [205, 150, 275, 335, 60, 180, 240, 100, 305, 0];
  const fills: Record<string, [number, number]> = {
    application: [30, 85],
    subject: [220, 0],
    node: [215, 18],
    native: [35, 9],
    generated: [48, 35],
    engine: [5, 45],
  };
  const [hue, saturation] = fills[kind] ?? [hues[packageRank % hues.length] as number, 48];
  // After ten packages the hues come again in another shade.
  const shade = kind === 'package' && packageRank >= hues.length ? 6 : 0;
  return dark
    ? `hsl(${hue} ${saturation * 0.6}% ${29 + shade}%)`
    : `hsl(${hue} ${saturation}% ${(kind === 'subject' ? 88 : 79) - shade}%)`;
}

/** Fits the canvas to its box and the screen's pixels. */
export function fitCanvas(app: App): void {
  const ratio = Math.max(1, devicePixelRatio);
  for (const [canvas, pen] of [
    [app.parts.canvas, app.pen],
    [app.parts.strip, app.stripPen],
  ] as const) {
    if (canvas === null || pen === null) continue;
    const width = Math.round(canvas.clientWidth * ratio);
    const height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  app.pen.font = app.colours.font;
  app.pen.textBaseline = 'middle';
  app.characterWidth = app.pen.measureText('mmmmmmmmmm').width / 10;
}

/**
 * Draws the rows in view. What is narrower than half a pixel is drawn as one pixel if nothing else has it, and
 * what it calls is skipped: so the work depends on the screen, not on the number of nodes.
 */
export function paintFrames(app: App): void {
  const { view, pen, colours, parts } = app;
  const width = parts.canvas.clientWidth;
  const height = parts.canvas.clientHeight;
  const row = rowHeight();
  const top = parts.scroller.scrollTop;
  const scale = width / Math.max(1e-9, app.toUs - app.fromUs);
  pen.globalAlpha = 1;
  pen.fillStyle = colours.paper;
  pen.fillRect(0, 0, width, height);
  const inkedTo = new Float64Array(view.deepest + 1).fill(-1);
  const count = view.frame.length;
  for (let i = 0; i < count;) {
    const depth = view.depth[i] as number;
    const y = depth * row - top;
    const left = ((view.startUs[i] as number) - app.fromUs) * scale;
    const right = left + (view.totalUs[i] as number) * scale;
    if (right <= 0 || left >= width || y > height) {
      i = view.end[i] as number;
      continue;
    }
    const narrow = right - left < 0.5;
    if (y + row > 0 && (!narrow || left - (inkedTo[depth] as number) >= 1)) {
      inkedTo[depth] = narrow ? left : right;
      paintFrame(app, i, Math.max(-1, left), Math.min(width + 1, right), y);
    }
    i = narrow ? (view.end[i] as number) : i + 1;
  }
  pen.globalAlpha = 1;
  for (const [node, colour] of [
    [app.hovered, colours.ink],
    [app.focused, colours.accent],
  ] as const) {
    if (node >= 0) paintRing(app, node, colour, scale, top);
  }
}

/** One frame: its box, its name as far as there is room, and a bar below it where it is searched for. */
export function paintFrame(app: App, node: number, left: number, right: number, y: number): void {
  const { pen, view, model, colours } = app;
  const row = rowHeight();
  const frame = view.frame[node] as number;
  const matched = app.matches === null || app.matches[frame] === 1;
  const width = right - left;
  pen.globalAlpha = matched ? 1 : 0.28;
  pen.fillStyle = colours.fill[model.frames.owner[frame] as number] as string;
  pen.fillRect(left, y, width > 3 ? width - 1 : Math.max(0.75, width), row - 1);
  if (matched && app.matches !== null) {
    pen.fillStyle = colours.accent;
    pen.fillRect(left, y + row - 4, width > 3 ? width - 1 : Math.max(0.75, width), 3);
  }
  const room = Math.floor((width - 9) / app.characterWidth);
  if (room < 3) return;
  const name = labelOf(model, frame);
  pen.globalAlpha = matched ? 1 : 0.6;
  pen.fillStyle = colours.ink;
  pen.fillText(
    name.length > room ? `${name.slice(0, room - 1)}…` : name,
    Math.max(left, 0) + 4,
    y + row / 2,
    width - 8,
  );
}

/** The outline of the node under the pointer or the keys. */
export function paintRing(app: App, node: number, colour: string, scale: number, top: number): void {
  const { pen, view } = app;
  const left = ((view.startUs[node] as number) - app.fromUs) * scale;
  const width = (view.totalUs[node] as number) * scale;
  const from = Math.max(1, left);
  const to = Math.min(app.parts.canvas.clientWidth - 1, Math.max(left + width - 1, left + 3));
  if (to <= 0 || from >= app.parts.canvas.clientWidth) return;
  pen.strokeStyle = colour;
  pen.lineWidth = 2;
  pen.strokeRect(
    from,
    (view.depth[node] as number) * rowHeight() - top + 1,
    Math.max(2, to - from),
    rowHeight() - 3,
  );
}
