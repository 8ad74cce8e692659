/** What a client asks for once a session. */
const ONCE_A_SESSION =
  /^(?:initialize|server\/discover|(?:tools|prompts|resources|resources\/templates)\/list)$/;

/** From here on a stretch on the loop is a block that everybody feels, as `blocked-event-loop` has it. */
export const BLOCK_MS = 50;

/**
 * Whether clients ask for it once a session, while the load asks for it as often as for anything else. Whom it delays and
 * with what it queues is then the load's doing, so it counts only where one of it alone is a block.
 */
export function isAskedOnceASession(subject: string | null): boolean {
  return subject !== null && ONCE_A_SESSION.test(subject);
}
