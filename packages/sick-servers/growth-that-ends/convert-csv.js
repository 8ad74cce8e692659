export function convert(rows) {
  return rows.map((row) => row.join(',')).join('\n');
}
