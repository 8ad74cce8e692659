import { serve } from './labels.js';

// The environment is the C library's: each variable is memory that neither V8 nor Node counts.
await serve((number, label) => {
  process.env[`LABEL_${number}`] = label;
});
