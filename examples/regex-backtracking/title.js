/** An innocent check of words, catastrophic on a title that ends in the wrong sign. */
export default function isTitle(title) {
  return /^(\w+\s?)*$/.test(title);
}
