/** Milliseconds as people read them: `0.4 ms`, `12 ms`, `1,250 ms`, from ten seconds on `12.5 s`. */
export function ms(value: number): string {
  if (value >= 10_000) return `${(value / 1000).toFixed(1)} s`;
  return value < 10 ? `${Math.round(value * 10) / 10} ms` : `${count(Math.round(value))} ms`;
}

/** A count with thousands separated. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** `1 call`, `1,240 calls`. */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** A share of one as a percentage; small ones keep a decimal so that they do not read as nothing. */
export function percent(share: number): string {
  const value = share * 100;
  return `${value < 10 ? Math.round(value * 10) / 10 : Math.round(value)} %`;
}

/** A figure for tables and costs: three significant digits. */
export function figure(value: number): number {
  return Number(value.toPrecision(3));
}

/** A name as it stands in a sentence. */
export function quoted(name: string): string {
  return `\`${name}\``;
}

/** Bytes in binary units, as reports show them: `512 B`, `1.5 KiB`. */
export function binaryBytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(value) / 10));
  return `${count(figure(value / 1024 ** power))} ${units[power]}`;
}
