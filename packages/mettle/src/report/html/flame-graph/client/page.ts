/*
 * The few parts of the browser that the client touches. The package is compiled for Node; the compiler's own
 * `dom` library would put every browser global into all of it.
 */

export interface PageEvent {
  readonly target: unknown;
  readonly clientX: number;
  readonly clientY: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly deltaMode: number;
  readonly pointerId: number;
  readonly pointerType: string;
  readonly button: number;
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  preventDefault(): void;
}

export interface PageElement {
  textContent: string | null;
  value: string;
  hidden: boolean;
  checked: boolean;
  disabled: boolean;
  type: string;
  className: string;
  scrollLeft: number;
  scrollTop: number;
  readonly isContentEditable: boolean;
  readonly tagName: string;
  readonly clientWidth: number;
  readonly clientHeight: number;
  readonly offsetWidth: number;
  readonly offsetHeight: number;
  readonly style: { setProperty(name: string, value: string): void };
  getBoundingClientRect(): {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
  querySelector(selector: string): PageElement | null;
  append(...children: readonly (PageElement | string)[]): void;
  replaceChildren(...children: readonly (PageElement | string)[]): void;
  setAttribute(name: string, value: string): void;
  addEventListener(
    type: string,
    listener: (event: PageEvent) => void,
    options?: { readonly passive: boolean },
  ): void;
  dispatchEvent(event: unknown): boolean;
  setPointerCapture(pointerId: number): void;
  focus(options?: { readonly preventScroll: boolean }): void;
  select(): void;
}

export interface Canvas extends PageElement {
  width: number;
  height: number;
  getContext(kind: '2d', options: { readonly alpha: boolean }): Pen | null;
}

export interface Pen {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textBaseline: string;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  strokeRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number, maxWidth?: number): void;
  measureText(text: string): { readonly width: number };
}

export interface PageDocument extends PageElement {
  readonly documentElement: PageElement;
  readonly activeElement: PageElement | null;
  createElement(tag: string): PageElement;
}

export type ComputedStyle = Readonly<
  Record<
    'color' | 'backgroundColor' | 'borderTopColor' | 'outlineColor' | 'columnRuleColor' | 'fontFamily',
    string
  >
>;
