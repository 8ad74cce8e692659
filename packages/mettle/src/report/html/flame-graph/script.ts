import {
  collapseTree,
  invertTree,
  joinCaller,
  orderTree,
  sortByNode,
  sumByFunction,
} from '../../../derive/profile-tree.ts';
import * as actions from './client/actions.ts';
import * as input from './client/input.ts';
import * as model from './client/model.ts';
import * as paint from './client/paint.ts';
import * as panel from './client/panel.ts';
import * as start from './client/start.ts';
import * as strip from './client/strip.ts';
import * as words from './client/words.ts';

/*
 * The client is TypeScript like everything else, so that it is checked, linted and tested as such. Its text in
 * the page is that of its compiled functions, `String(function)`, side by side in one scope; a function that
 * calls one of another file declares it (`declare const`) instead of importing it, since an import would not
 * survive. So no build step and no second copy of the tree's arithmetic is needed. What this rests on: the
 * compiler only takes types away. A test evaluates the script on its own and fails when that is no longer so.
 */
const TREE = { collapseTree, invertTree, joinCaller, orderTree, sortByNode, sumByFunction };

/** The script that brings every flame graph of a page to life: put it after them. Plain ES2020, no network, no globals. */
export function flameGraphScript(): string {
  const functions = [TREE, model, words, paint, strip, panel, actions, input, start].flatMap((file) =>
    Object.values(file),
  );
  return `(() => {
'use strict';
${functions.map(String).join('\n')}
for (const root of document.querySelectorAll('.flame')) startFlameGraph(root);
})();
`;
}
