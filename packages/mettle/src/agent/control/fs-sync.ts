import { FILE_OPERATIONS, wordsOf, wordsOfOpen } from './file-operations.ts';
import { fileClosed, fileName, fileOpened, isInWorkingCopy } from './file-names.ts';
import { held } from './held-steps.ts';
import type { StepWords } from './held-steps.ts';
import { isUntouched } from './lane.ts';
import { callSite } from './sites.ts';
import { noteStep } from './trial.ts';
import { wrap } from './wrapping.ts';

/*
 * Synchronous operations cannot be placed elsewhere, but what they touch belongs in the timeline. Only files of the
 * working copy: to load a module is no step of a race.
 */

/** Operations on an open file's number. */
const ON_DESCRIPTORS: Readonly<Record<string, 'reads' | 'writes'>> = {
  readSync: 'reads',
  writeSync: 'writes',
  ftruncateSync: 'writes',
};

let nested = 0;

/** Wraps the synchronous functions of node:fs. */
export function controlSyncFiles(): void {
  const fs = process.getBuiltinModule('node:fs');
  for (const name of [...Object.keys(FILE_OPERATIONS), 'exists', 'writeFile'])
    noted(fs, `${name}Sync`, (args) => {
      const words = wordsOf(name, args);
      return { ...words, kind: `fs.${name}Sync`, writes: words.writes || name === 'writeFile' };
    });
  for (const [name, how] of Object.entries(ON_DESCRIPTORS))
    noted(fs, name, (args) => ({
      kind: `fs.${name}`,
      resource: fileName(args[0]),
      writes: how === 'writes',
    }));
  noted(
    fs,
    'openSync',
    (args) => ({ ...wordsOfOpen(args[0], args[1]), kind: 'fs.openSync' }),
    (args, descriptor) => fileOpened(descriptor, args[0]),
  );
  wrap(
    fs,
    'closeSync',
    (original) =>
      function closeSync(...args) {
        fileClosed(args[0]);
        return original.apply(this, args);
      },
  );
}

function noted(
  fs: object,
  name: string,
  words: (args: readonly unknown[]) => StepWords,
  done: (args: readonly unknown[], result: unknown) => void = () => {},
): void {
  wrap(
    fs,
    name,
    (original) =>
      function syncOperation(...args) {
        // Node's own functions call one another.
        if (held.on && nested === 0 && !isUntouched()) {
          const targets = args.slice(0, 2).filter((arg) => typeof arg !== 'object' || arg instanceof URL);
          if (targets.some(isInWorkingCopy)) noteStep({ ...words(args), site: callSite() });
        }
        nested++;
        try {
          const result = original.apply(this, args);
          done(args, result);
          return result;
        } finally {
          nested--;
        }
      },
  );
}
