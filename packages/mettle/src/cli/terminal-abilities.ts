/** What the terminal at the other end can show. */
export interface TerminalAbilities {
  readonly color: boolean;
  /** OSC 8 links: where they are not known they are mostly skipped, but some terminals print them as garbage. */
  readonly hyperlinks: boolean;
}

type Env = Readonly<Record<string, string | undefined>>;

/** From https://no-color.org, FORCE_COLOR and FORCE_HYPERLINK as many tools have them, and what terminals say of themselves. */
export function terminalAbilities(isTerminal: boolean, env: Env): TerminalAbilities {
  const forced = env['FORCE_COLOR'] ?? '';
  const refused = (env['NO_COLOR'] ?? '') !== '' || forced === '0' || forced === 'false';
  const color = !refused && (forced !== '' || (isTerminal && env['TERM'] !== 'dumb'));
  const links = env['FORCE_HYPERLINK'] ?? '';
  if (links !== '') return { color, hyperlinks: links !== '0' && links !== 'false' };
  return { color, hyperlinks: color && isTerminal && knowsHyperlinks(env) };
}

/** Programs that say who they are in TERM_PROGRAM and have links; tmux has them from 3.4 on. */
const PROGRAMS = /^(iTerm\.app|WezTerm|vscode|ghostty|Hyper|Tabby|rio|zed|WarpTerminal)$/;
const TERMS = /^(xterm-kitty|xterm-ghostty|alacritty|foot|foot-extra|wezterm|contour)/;
/** VTE (GNOME Terminal and others): 0.50 was the first, and crashed; 0.50.2 is safe. */
const VTE_FROM = 5002;
const KONSOLE_FROM = 201_200;

function knowsHyperlinks(env: Env): boolean {
  // Logs of CI systems are no terminals, even where they say so.
  if ((env['CI'] ?? '') !== '') return false;
  const program = env['TERM_PROGRAM'] ?? '';
  if (program === 'tmux') return Number.parseFloat(env['TERM_PROGRAM_VERSION'] ?? '') >= 3.4;
  return (
    PROGRAMS.test(program) ||
    TERMS.test(env['TERM'] ?? '') ||
    (env['WT_SESSION'] ?? '') !== '' ||
    (env['KITTY_WINDOW_ID'] ?? '') !== '' ||
    Number(env['VTE_VERSION'] ?? 0) >= VTE_FROM ||
    Number(env['KONSOLE_VERSION'] ?? 0) >= KONSOLE_FROM
  );
}
