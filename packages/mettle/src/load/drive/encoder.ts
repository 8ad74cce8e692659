import type { CallChannel, EncodedCall } from '../../session/channel/channel.ts';
import type { Mix } from './mix.ts';

type Request = ReturnType<Mix['next']>;

/** Calls as a channel sends them; requests that come again are encoded once. */
export class Encoder {
  readonly #mix: Mix;
  readonly #known: Map<CallChannel, WeakMap<object, EncodedCall>> = new Map();

  constructor(mix: Mix) {
    this.#mix = mix;
  }

  /** The request given, or else the next one of the subject. */
  next(subject: number, channel: CallChannel, request: Request = this.#mix.next(subject)): EncodedCall {
    let calls = this.#known.get(channel);
    if (calls === undefined) this.#known.set(channel, (calls = new WeakMap()));
    let call = calls.get(request);
    if (call === undefined) {
      call = channel.encode(request.method, request.params);
      calls.set(request, call);
    }
    return call;
  }
}
