import { serve } from './labels.js';

let environment = {};

// For the program that is started, not for the process that starts it.
await serve((number, label) => {
  environment = { ...process.env, [`LABEL_${number}`]: label };
  return environment;
});
