const items = Array.from({ length: 40_000 }, (_, i) => ({
  sku: `SKU-${100_000 + i}`,
  name: `Item ${i}, assorted`,
  priceCents: (i * 37) % 10_000,
  tags: ['home', i % 2 === 0 ? 'kitchen' : 'garden'],
  stock: { berlin: i % 50, lyon: i % 30 },
}));

/** A product catalogue of about 5 MB, as a file or a service would hand it over. */
export const catalogueText = JSON.stringify(items);
