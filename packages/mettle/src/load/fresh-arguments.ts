type Arguments = Readonly<Record<string, unknown>>;
type Schema = Readonly<Record<string, unknown>>;

/** Makes arguments that no call had before: the i-th of its kind. */
export type Vary = (sample: Arguments, i: number) => Arguments;

/** Keywords that say what a text has to be: another text is another thing, or none. */
const TEXT_IS_GIVEN = ['enum', 'const', 'format', 'pattern', 'examples', 'default'];
/** Numbers by these names decide how much work a call is. */
const AMOUNT =
  /count|limit|size|amount|length|depth|num|max|min|steps?|pages?|top|width|height|quality|seconds|ms|delay|duration|timeout|wait|^n$|^k$/i;

/**
 * How arguments can be made new without changing what a call is: by a suffix on a free text, else on the first of a
 * list of them, else by a little on a number. Null where nothing is free, or where `accepts` (the whole schema) says no.
 */
export function varyArguments(
  schema: unknown,
  samples: readonly [Arguments, ...Arguments[]],
  accepts: (value: Arguments) => boolean,
): Vary | null {
  const ways = [...textWays(schema, samples), ...listWays(schema, samples), ...numberWays(schema, samples)];
  // Far numbers too: a length that is just kept by the first is not by the thousandth.
  return (
    ways.find((vary) =>
      samples.every((sample) => accepts(vary(sample, 7)) && accepts(vary(sample, 99_999))),
    ) ?? null
  );
}

/** Whether there is any number of arguments that the schema allows: not so of yes or no, and of what is enumerated. */
export function isOpen(schema: unknown): boolean {
  return Object.values(propertiesOf(schema)).some(
    (property) => !('enum' in property) && !('const' in property) && !hasType(property, 'boolean'),
  );
}

function textWays(schema: unknown, samples: readonly Arguments[]): readonly Vary[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]): Vary[] => {
    if (!hasType(property, 'string') || TEXT_IS_GIVEN.some((keyword) => keyword in property)) return [];
    const values = samples.map((sample) => sample[name]).filter((value) => value !== undefined);
    const texts = values.filter((value) => typeof value === 'string');
    const [first] = texts;
    if (first === undefined || texts.length < values.length || texts.some(namesSomething)) return [];
    return [
      (sample, i) => {
        const text = sample[name];
        return { ...sample, [name]: `${typeof text === 'string' ? text : first} ${i}` };
      },
    ];
  });
}

function listWays(schema: unknown, samples: readonly Arguments[]): readonly Vary[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]): Vary[] => {
    const { items } = property;
    if (!hasType(property, 'array') || !isSchema(items) || !hasType(items, 'string')) return [];
    if (TEXT_IS_GIVEN.some((keyword) => keyword in items || keyword in property)) return [];
    const texts = samples.flatMap((sample) => listOf(sample[name]));
    const [first] = texts;
    if (first === undefined || texts.some(namesSomething)) return [];
    return [
      (sample, i) => {
        const [text = first, ...others] = listOf(sample[name]);
        return { ...sample, [name]: [`${text} ${i}`, ...others] };
      },
    ];
  });
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function numberWays(schema: unknown, samples: readonly Arguments[]): readonly Vary[] {
  return Object.entries(propertiesOf(schema)).flatMap(([name, property]): Vary[] => {
    const isInteger = hasType(property, 'integer');
    if ((!isInteger && !hasType(property, 'number')) || 'enum' in property || 'const' in property) return [];
    if (AMOUNT.test(name) || !samples.some((sample) => typeof sample[name] === 'number')) return [];
    const step = isInteger ? 1 : 1e-6;
    return [(sample, i) => ({ ...sample, [name]: Number(sample[name] ?? 0) + i * step })];
  });
}

/** Paths and addresses: with a suffix they name what is not there. */
function namesSomething(text: string): boolean {
  return /^[./~\\]|:\/\/|^[A-Za-z]:\\|@/.test(text);
}

function propertiesOf(schema: unknown): Readonly<Record<string, Schema>> {
  const properties = isSchema(schema) ? schema['properties'] : null;
  if (!isSchema(properties)) return {};
  return Object.fromEntries(
    Object.entries(properties).filter((entry): entry is [string, Schema] => isSchema(entry[1])),
  );
}

function hasType(schema: Schema, type: string): boolean {
  const own = schema['type'];
  return own === type || (Array.isArray(own) && own.includes(type));
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
