export default function add(numbers: { a: number; b: number }): number;
export function backtrack(length: number): boolean;
export function spin(shared: SharedArrayBuffer): never;
export function busy(ms: number): number;
export function fill(nothing: null): never;
export function throws(what: unknown): never;
export function exit(nothing: null): never;
export function reversed(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer>;
export function countUp(shared: SharedArrayBuffer): number;
