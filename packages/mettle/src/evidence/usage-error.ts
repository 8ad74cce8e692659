/** The user asked for something that cannot be: one sentence saying what was seen and what to do. Exit code 2. */
export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
