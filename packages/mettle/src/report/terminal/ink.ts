/** How emphasis is written. Without colour every method gives its text back unchanged. */
export interface Ink {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  yellow(text: string): string;
  green(text: string): string;
  cyan(text: string): string;
  /** An OSC 8 hyperlink; the bare text where there is no URL, or links are off. */
  link(text: string, url: string | undefined): string;
}

/** The emphasis for one terminal. Hyperlinks are escape sequences too: they need their own leave. */
export function inkFor(options: { readonly color: boolean; readonly hyperlinks: boolean }): Ink {
  const sgr =
    (open: number, close: number) =>
    (text: string): string =>
      options.color ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: sgr(1, 22),
    dim: sgr(2, 22),
    red: sgr(31, 39),
    yellow: sgr(33, 39),
    green: sgr(32, 39),
    cyan: sgr(36, 39),
    link: (text, url) =>
      options.hyperlinks && url !== undefined ? `\u001b]8;;${url}\u001b\\${text}\u001b]8;;\u001b\\` : text,
  };
}
