const items = Array.from({ length: 10_000 }, (_, at) => ({
  id: at,
  title: `Item ${at}`,
  shelf: `S-${at % 97}`,
}));

/** The catalogue as it was downloaded: a text of JSON. */
export const catalogueText = JSON.stringify(items);
