import { describe } from 'vitest';
import { beatTests } from './beat-behaviour.ts';
import { describeBothForms } from './forms.ts';
import { historyTests } from './history-behaviour.ts';
import { watcherTests } from './watcher-behaviour.ts';

describeBothForms('a watcher', (ground) => {
  describe('its history', () => {
    historyTests(ground);
  });
  describe('its beat', () => {
    beatTests(ground);
  });
  describe('as a whole', () => {
    watcherTests(ground);
  });
});
