import { AccessTokenError } from '../pool/access-tokens.ts';
import type { AccessTokens } from '../pool/access-tokens.ts';
import type { Member } from '../pool/member.ts';
import type { Exchange } from './exchange.ts';

/**
 * The token that a credential's secret is exchanged for. Null when there is none to be had: the
 * exchange has then failed with the reason, and nothing was sent.
 */
export async function tokenFor(
  member: Member,
  tokens: AccessTokens,
  exchange: Exchange,
): Promise<string | null> {
  try {
    // The call may end first, by its client or its time.
    return await Promise.race([tokens.get(member), exchange.answered.then(() => null)]);
  } catch (error) {
    const isRefusal = error instanceof AccessTokenError && error.isRefusal;
    exchange.abort(isRefusal ? 'token_refused' : 'connect');
    return null;
  }
}
