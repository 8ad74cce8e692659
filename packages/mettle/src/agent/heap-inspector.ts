import type { Session } from 'node:inspector';

/**
 * V8's inspector of this very process. Kept open for as long as ids of objects are to mean something: V8 forgets them
 * when the session ends.
 */
export class HeapInspector {
  readonly #session: Session;

  /** Throws where Node was built without an inspector. */
  constructor() {
    const { Session } = process.getBuiltinModule('node:inspector');
    this.#session = new Session();
    this.#session.connect();
  }

  /** Rejects with the method's name when V8 refuses. */
  post<T>(method: string, params: object = {}): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#session.post(method, params, (error: Error | null, answer?: object) => {
        if (error === null) resolve(answer as T);
        else reject(new Error(`${method}: ${error.message}`));
      });
    });
  }

  close(): void {
    this.#session.disconnect();
  }
}
