export default function matches({ expression, text }) {
  return new RegExp(expression).test(text);
}
