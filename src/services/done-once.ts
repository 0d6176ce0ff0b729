import { hash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/sqlite';
import { ClientMutation } from '../entities/client-mutation.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import { fromTaggedJson, taggedJson } from '../lib/tagged-json.ts';
import type { Actor } from './actor.ts';

/** How long a mutation id is remembered. */
const KEPT_MS = 86_400_000;
const ID_CHARS_MAX = 128;

interface Change {
  tx: EntityManager;
  actor: Actor;
  operation: string;
  /** All that was asked for. */
  input: unknown;
  nowMs: number;
}

/**
 * Does a change unless the actor has done it under the same mutation id within a day: then gives what
 * came of it that time, without secrets. Transactions that write come one after the other, so of two
 * at once the second finds the first.
 * @throws GatewayError `conflict` where the id was used for something else
 */
export async function doneOnce<T>(change: Change, work: () => Promise<T>): Promise<T> {
  const { tx, actor, operation, nowMs } = change;
  const { mutationId, name } = actor;
  if (mutationId === undefined) return await work();
  assertShort(mutationId);
  const inputHash = hash('sha256', taggedJson(change.input), 'base64url');
  const known = await tx.findOne(ClientMutation, { actor: name, mutationId });
  if (known !== null && known.atMs > nowMs - KEPT_MS) {
    if (known.operation === operation && known.inputHash === inputHash) {
      return fromTaggedJson(known.result) as T;
    }
    throw usedOtherwise(known.operation);
  }
  await tx.nativeDelete(ClientMutation, { atMs: { $lte: nowMs - KEPT_MS } });
  if (known !== null) tx.clear();
  const result = await work();
  const facts = { operation, inputHash, result: taggedJson(result), atMs: nowMs };
  tx.persist(tx.create(ClientMutation, { actor: name, mutationId, ...facts }));
  return result;
}

function assertShort(mutationId: string): void {
  if (mutationId.length > 0 && mutationId.length <= ID_CHARS_MAX) return;
  const text = `clientMutationId: must have 1 to ${ID_CHARS_MAX} characters`;
  throw new GatewayError('invalid_request', text, { param: 'clientMutationId' });
}

const usedOtherwise = (operation: string): GatewayError =>
  new GatewayError(
    'conflict',
    `clientMutationId: was used for another change (${operation}) within a day.`,
    { param: 'clientMutationId' },
  );
