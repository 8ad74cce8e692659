/** A hall of 60,000 seats. */
export const plan = {
  hall: 'Main',
  rows: Array.from({ length: 300 }, (_, row) => ({
    row,
    seats: Array.from({ length: 200 }, (_seat, seat) => ({
      seat,
      price: 20 + (row % 9),
      taken: (row * seat) % 7 === 0,
    })),
  })),
};
