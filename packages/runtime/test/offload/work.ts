/** What modules/work.js exports. */
export interface Work {
  default: (numbers: { a: number; b: number }) => number;
  backtrack: (length: number) => boolean;
  spin: (shared: SharedArrayBuffer) => never;
  busy: (ms: number) => number;
  fill: (nothing: null) => never;
  throws: (what: unknown) => never;
  exit: (nothing: null) => never;
  reversed: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
  countUp: (shared: SharedArrayBuffer) => number;
}
