import { setTimeout as serviceAnswer } from 'node:timers/promises';

/** A slow service that finds the candidates for an address. */
export async function geocode(address) {
  await serviceAnswer(2);
  return Array.from({ length: 12 }, (_, rank) => ({
    label: `${address}, ${rank + 1}. district`,
    latitude: 48 + rank / 10,
    longitude: 16 + address.length / 100,
    score: 1 - rank / 20,
  }));
}
