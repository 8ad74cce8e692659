import { z } from 'zod';

/** The form's boxes: 200 fields of the kinds that such forms have. */
export function formFields() {
  return Object.fromEntries(
    Array.from({ length: 400 }, (_, box) => [
      `box${box}`,
      box % 4 === 0
        ? z.number().min(0).max(1_000_000)
        : box % 4 === 1
          ? z.string().max(80).optional()
          : box % 4 === 2
            ? z.enum(['none', 'single', 'joint', 'widowed'])
            : z.object({ year: z.number().int(), amount: z.number() }).partial(),
    ]),
  );
}

/** A form that was filled in. */
export function filledIn(income) {
  return Object.fromEntries(
    Array.from({ length: 400 }, (_, box) => [
      `box${box}`,
      [income % 1000, `line ${box}`, 'single', { year: 2026, amount: income }][box % 4],
    ]),
  );
}
