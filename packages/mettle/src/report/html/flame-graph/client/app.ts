import type { TreeColumns } from '../../../../derive/profile-tree.ts';
import type { FrameKind } from '../../../../derive/profile-frames.ts';
import type { Canvas, PageElement, Pen } from './page.ts';

/** The profile, unpacked. */
export interface Model {
  readonly tree: TreeColumns;
  readonly frames: {
    readonly name: readonly string[];
    readonly file: readonly string[];
    readonly line: readonly number[];
    readonly owner: readonly number[];
  };
  readonly owners: readonly { readonly name: string; readonly kind: FrameKind }[];
  readonly subjects: readonly { readonly name: string; readonly node: number }[];
  readonly blocks: readonly (readonly [subject: number, start: number, length: number])[];
  /** What a search looks through, by frame, in lower case; null until it is first needed. */
  searchTexts: readonly string[] | null;
}

/** What the reader asked to see. */
export interface Settings {
  /** Index into the model's subjects; -1 = all. */
  subject: number;
  inverted: boolean;
  hideModules: boolean;
  hideInternals: boolean;
}

/** The tree as it is drawn, with the places of its nodes. */
export interface View extends TreeColumns {
  /** The same calls from the top down, for the table; the view itself unless it is inverted. */
  readonly plain: TreeColumns;
  readonly depth: Int32Array;
  readonly startUs: Float64Array;
  /** Depth of the deepest node. */
  readonly deepest: number;
}

export interface Colours {
  readonly dark: boolean;
  readonly ink: string;
  readonly paper: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
  readonly font: string;
  /** By owner. */
  readonly fill: readonly string[];
}

/** Everything the client knows; its functions pass it on. */
export interface App {
  readonly model: Model;
  readonly settings: Settings;
  readonly parts: {
    readonly root: PageElement;
    readonly canvas: Canvas;
    readonly scroller: PageElement;
    readonly strip: Canvas | null;
    readonly status: PageElement;
    readonly live: PageElement;
    readonly tooltip: PageElement;
    readonly crumbs: PageElement;
    readonly legend: PageElement;
    readonly search: PageElement;
    readonly found: PageElement;
    readonly reset: PageElement;
    readonly subject: PageElement;
    readonly rows: PageElement;
  };
  readonly pen: Pen;
  readonly stripPen: Pen | null;
  view: View;
  colours: Colours;
  /** Width of one character of the canvas font. */
  characterWidth: number;
  /** The stretch of the view's time that fills the canvas. */
  fromUs: number;
  toUs: number;
  /** The node that the reader zoomed to; its callers are the crumbs. */
  zoomed: number;
  /** The node that keys move; -1 before the first. */
  focused: number;
  /** The block of the strip that keys or a click came to last, or -1. */
  block: number;
  /** The node under the pointer, or -1. */
  hovered: number;
  /** By frame: 1 where it is searched for; null without a search. */
  matches: Uint8Array | null;
  /** The owner picked in the legend, or -1. */
  pickedOwner: number;
  paintPending: boolean;
  afterwardsPending: boolean;
}
