/** A script's path from the folder that the command's script stands in, so that two checkouts name it alike. */
export function homeOfCommand(file: string, command: readonly string[] | null): string {
  const parts = file.replace(/^file:\/\//, '').split(/[/\\]/);
  const script = command?.find((word) => /\.[cm]?[jt]sx?$/.test(word) && !word.startsWith('-'));
  const folder =
    script
      ?.split(/[/\\]/)
      .slice(0, -1)
      .filter((part) => part !== '.' && part !== '') ?? [];
  const name = folder.at(-1);
  const at = name === undefined ? -1 : parts.lastIndexOf(name);
  // Without a folder in common, the last two parts: file names alone are too often index.js.
  return (at >= 0 ? parts.slice(at + 1) : parts.slice(-2)).join('/');
}
