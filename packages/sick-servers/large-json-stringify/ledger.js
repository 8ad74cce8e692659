/** A ledger whose JSON is about 6 MB. */
export const entries = Array.from({ length: 60_000 }, (_, i) => ({
  id: i,
  account: `acct-${i % 700}`,
  cents: (i * 7919) % 100_000,
  memo: `Invoice ${i} of the month`,
  tags: ['paid', i % 3 === 0 ? 'foreign' : 'domestic'],
}));
