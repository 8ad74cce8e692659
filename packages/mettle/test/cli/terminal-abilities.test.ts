import { describe, expect, test } from 'vitest';
import { terminalAbilities } from '../../src/cli/terminal-abilities.ts';

const abilities = (env: Readonly<Record<string, string>>, isTerminal = true): string => {
  const { color, hyperlinks } = terminalAbilities(isTerminal, env);
  return [color ? 'colour' : 'plain', ...(hyperlinks ? ['links'] : [])].join(' ');
};

describe('what the terminal can show', () => {
  test.each([
    ['a terminal', { TERM: 'xterm-256color' }, 'colour'],
    ['NO_COLOR', { NO_COLOR: '1', TERM_PROGRAM: 'vscode' }, 'plain'],
    ['NO_COLOR, but empty', { NO_COLOR: '' }, 'colour'],
    ['a terminal that can do nothing', { TERM: 'dumb', TERM_PROGRAM: 'vscode' }, 'plain'],
    ['VS Code', { TERM_PROGRAM: 'vscode' }, 'colour links'],
    ['iTerm', { TERM_PROGRAM: 'iTerm.app' }, 'colour links'],
    ["Apple's Terminal", { TERM_PROGRAM: 'Apple_Terminal' }, 'colour'],
    ['Windows Terminal', { WT_SESSION: 'c1d2' }, 'colour links'],
    ['kitty', { TERM: 'xterm-kitty' }, 'colour links'],
    ['GNOME Terminal', { VTE_VERSION: '7006' }, 'colour links'],
    ['a VTE that crashes on links', { VTE_VERSION: '5000' }, 'colour'],
    ['tmux', { TERM_PROGRAM: 'tmux', TERM_PROGRAM_VERSION: '3.4' }, 'colour links'],
    ['tmux that drops links', { TERM_PROGRAM: 'tmux', TERM_PROGRAM_VERSION: '3.2a' }, 'colour'],
    ['the log of a CI system', { CI: 'true', TERM_PROGRAM: 'vscode' }, 'colour'],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, 'plain'],
    ['FORCE_HYPERLINK', { FORCE_HYPERLINK: '1' }, 'colour links'],
    ['FORCE_HYPERLINK=0', { FORCE_HYPERLINK: '0', WT_SESSION: 'x' }, 'colour'],
  ])('%s', (_name, env, expected) => {
    expect(abilities(env)).toBe(expected);
  });

  test('a pipe has neither, unless it was asked for', () => {
    expect(abilities({ TERM_PROGRAM: 'vscode' }, false)).toBe('plain');
    expect(abilities({ FORCE_COLOR: '1', TERM_PROGRAM: 'vscode' }, false)).toBe('colour');
    expect(abilities({ FORCE_COLOR: '1', NO_COLOR: '1' }, false)).toBe('plain');
  });
});
