export function convert(rows) {
  return JSON.stringify(rows);
}
