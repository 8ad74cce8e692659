import { expect, it } from 'vitest';
import { schemaCompiledPerCall } from '../../../src/detect/detectors/schema-compiled-per-call.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = 'handler@@src/tools.js:10';
const ZOD = 'node_modules/zod/v4';

it('names where the schema is made, not where its compiling was put off to', () => {
  const told = profiled()
    .tool('check', 20)
    .spends(6, [HANDLER, `object@@${ZOD}/classic/schemas.js:900`, `init@@${ZOD}/core/core.js:50`])
    .spends(14, [
      HANDLER,
      `safeParse@@${ZOD}/classic/schemas.js:140`,
      `generateFastpass@@${ZOD}/core/schemas.js:1092`,
      `write@@${ZOD}/core/doc.js:18`,
    ])
    .callsOnLine('src/tools.js', 10, 'object', 12)
    .callsOnLine('src/tools.js', 10, 'safeParse', 13);
  const [finding] = schemaCompiledPerCall.detect(told.evidence());
  expect(finding?.title).toBe(
    '`check` spends 20 ms per call (100 % of its time on the main thread) building and compiling a schema with zod, at src/tools.js:12',
  );
  expect(finding?.fix).toContain('top of the module');
});

it('sums what a schema’s many parts cost, at the function that leads to all of them', () => {
  const told = profiled()
    .tool('check', 20)
    .spends(4, [HANDLER, 'fields@@src/fields.js:3', `string@@${ZOD}/classic/schemas.js:200`])
    .spends(4, [HANDLER, 'more@@src/more.js:3', `number@@${ZOD}/classic/schemas.js:300`]);
  const findings = schemaCompiledPerCall.detect(told.evidence());
  expect(findings).toHaveLength(1);
  expect(findings[0]?.location).toMatchObject({ function: 'handler', line: 10 });
});

it.each([
  [
    'zod 3',
    ['ZodString.create@@node_modules/zod/v3/types.js:1046', 'ZodType@@node_modules/zod/v3/types.js:255'],
    'zod',
  ],
  [
    'ajv',
    [
      'compile@@node_modules/ajv/dist/core.js:158',
      'compileSchema@@node_modules/ajv/dist/compile/index.js:33',
    ],
    'ajv',
  ],
  [
    'ajv by its validate',
    ['validate@@node_modules/ajv/dist/core.js:140', '_addSchema@@node_modules/ajv/dist/core.js:435'],
    'ajv',
  ],
  [
    'joi',
    ['method@@node_modules/joi/lib/types/string.js:636', '$_addRule@@node_modules/joi/lib/base.js:755'],
    'joi',
  ],
  ['valibot', ['pipe@@node_modules/valibot/dist/index.mjs:7409'], 'valibot'],
])('knows a schema of %s', (_library, frames, name) => {
  const [finding] = schemaCompiledPerCall.detect(
    profiled()
      .tool('check', 20)
      .spends(9, [HANDLER, ...frames])
      .evidence(),
  );
  expect(finding?.title).toContain(`compiling a schema with ${name}`);
});

it.each([
  [
    'zod',
    [
      'safeParse@@node_modules/zod/v4/classic/schemas.js:140',
      '(anonymous)@@node_modules/zod/v4/core/parse.js:41',
      'inst._zod.parse@@node_modules/zod/v4/core/schemas.js:1199',
    ],
  ],
  [
    'zod’s generated code',
    [
      'safeParse@@node_modules/zod/v4/classic/schemas.js:140',
      'anonymous',
      'inst._zod.run@@node_modules/zod/v4/core/schemas.js:97',
    ],
  ],
  ['zod 3', ['parse@@node_modules/zod/v3/types.js:99', '_parse@@node_modules/zod/v3/types.js:1934']],
  ['ajv', ['equal@@node_modules/ajv/dist/runtime/equal.js:3']],
  [
    'joi',
    ['validate@@node_modules/joi/lib/base.js:743', 'exports.entry@@node_modules/joi/lib/validator.js:15'],
  ],
  [
    'valibot',
    ['safeParse@@node_modules/valibot/dist/index.mjs:7487', '~run@@node_modules/valibot/dist/index.mjs:5664'],
  ],
])('is silent about checking a lot of data with a finished schema of %s', (_library, frames) => {
  expect(
    schemaCompiledPerCall.detect(
      profiled()
        .tool('check', 20)
        .spends(40, [HANDLER, ...frames])
        .evidence(),
    ),
  ).toEqual([]);
});

it('is silent about a schema whose compiling was put off to the first call', () => {
  const told = profiled()
    .tool('check', 50)
    .spends(60, [HANDLER, `safeParse@@${ZOD}/classic/schemas.js:140`, `compile@@${ZOD}/core/doc.js:32`], {
      times: 2,
    });
  expect(schemaCompiledPerCall.detect(told.evidence())).toEqual([]);
});
