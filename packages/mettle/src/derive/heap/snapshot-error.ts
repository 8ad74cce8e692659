/** The bytes are no heap snapshot, or not all of one: one sentence, and where it was seen. */
export class SnapshotError extends Error {
  /** Counted from the first byte of the file. */
  readonly byteOffset: number;

  constructor(message: string, byteOffset: number) {
    super(message);
    this.name = 'SnapshotError';
    this.byteOffset = byteOffset;
  }
}
