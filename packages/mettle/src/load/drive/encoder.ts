import type { CallChannel, EncodedCall } from '../../session/channel/channel.ts';
import type { Mix } from './mix.ts';

/** The next call of a subject as this channel sends it; requests that come again are encoded once. */
export class Encoder {
  readonly #mix: Mix;
  readonly #known: Map<CallChannel, WeakMap<object, EncodedCall>> = new Map();

  constructor(mix: Mix) {
    this.#mix = mix;
  }

  next(subject: number, channel: CallChannel): EncodedCall {
    const request = this.#mix.next(subject);
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
