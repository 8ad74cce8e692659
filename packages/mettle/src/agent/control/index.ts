import type { Control } from '../commands.ts';
import { installControl } from './install.ts';
import { control, release } from './trial.ts';

/** Wraps what can reorder events, and gives what Mettle's requests are obeyed by. */
export function takeControl(): Control {
  installControl();
  return { control, release };
}
