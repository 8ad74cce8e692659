/** A year's turnover per product and week as CSV: well over 100 ms of plain JavaScript. */
export function buildReport(year, currency) {
  const lines = [];
  for (let product = 0; product < 1800; product++) {
    for (let week = 1; week <= 52; week++) {
      const turnover = ((product * 131 + week * 17 + year) % 9973) / 7;
      lines.push(
        [`P-${product}`, `${year}-W${String(week).padStart(2, '0')}`, turnover.toFixed(2), currency].join(
          ';',
        ),
      );
    }
  }
  const totals = new Map();
  for (const line of lines) {
    const [product, , turnover] = line.split(';');
    totals.set(product, (totals.get(product) ?? 0) + Number(turnover));
  }
  return { lines: lines.length, bestSeller: [...totals].toSorted((a, b) => b[1] - a[1])[0][0] };
}
