import type { ScriptsAnswer, ScriptText, WantedScripts } from './protocol.ts';

/** Longer scripts, and what comes after so much text in all, are not handed over: the server's memory is not ours. */
const MOST_CHARACTERS = 8_000_000;
const MOST_CHARACTERS_IN_ALL = 32_000_000;

interface Parsed {
  readonly scriptId: string;
  readonly url: string;
  readonly length: number;
}

/**
 * The text that V8 compiled, of the scripts asked for: what a loader made of a file, or code made at run time. V8
 * tells of every script when its debugger is switched on, which takes some 70 ms of the main thread the first time
 * and 15 ms later (350 scripts), so it is asked once, after the measuring. No breakpoint is set, nothing is optimised anew.
 */
export function readScripts({ scriptIds, urls }: WantedScripts): ScriptsAnswer {
  const { Session } = process.getBuiltinModule('node:inspector');
  const session = new Session();
  try {
    session.connect();
  } catch {
    return { scripts: [], omitted: 0 };
  }
  const wantedIds = new Set(scriptIds);
  const wantedUrls = new Set(urls);
  const found: Parsed[] = [];
  session.on('Debugger.scriptParsed', ({ params }) => {
    const { scriptId, url, length = 0 } = params;
    if (wantedIds.has(scriptId) || wantedUrls.has(url.replace(/[?#].*$/, '')))
      found.push({ scriptId, url, length });
  });
  try {
    // In-process sessions answer before post returns.
    session.post('Debugger.enable');
    return textsOf(found, (scriptId) => {
      let text: string | null = null;
      session.post('Debugger.getScriptSource', { scriptId }, (error, answer) => {
        if (error === null) text = answer.scriptSource;
      });
      return text;
    });
  } finally {
    session.post('Debugger.disable');
    session.disconnect();
  }
}

function textsOf(found: readonly Parsed[], textOf: (scriptId: string) => string | null): ScriptsAnswer {
  const scripts: ScriptText[] = [];
  let characters = 0;
  for (const { scriptId, url, length } of found) {
    if (length > MOST_CHARACTERS || characters + length > MOST_CHARACTERS_IN_ALL) continue;
    const text = textOf(scriptId);
    if (text === null) continue;
    characters += text.length;
    scripts.push({ scriptId, url, text });
  }
  return { scripts, omitted: found.length - scripts.length };
}
