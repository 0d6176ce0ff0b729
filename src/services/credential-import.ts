import { hash } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/sqlite';
import { z } from 'zod';
import { Credential } from '../entities/credential.ts';
import type { Pool } from '../entities/pool.ts';
import type { ErrorCode } from '../errors/catalogue.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Actor } from './actor.ts';
import { rowInput, rowsOf } from './credential-rows.ts';
import type { RawRow } from './credential-rows.ts';
import { reference } from './fields.ts';
import { assertSound, credentialFacts, newCredential, shown } from './new-credential.ts';
import type { CredentialParts, ShownCredential } from './new-credential.ts';
import { perform, validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { permitChange } from './policy.ts';
import { poolFor } from './pools.ts';
import { claimingName } from './unique-name.ts';

/** Rows that are under way together: they share the telling of servers. */
const AT_A_TIME = 50;

const importInput = z.strictObject({
  pool: reference,
  format: z.enum(['csv', 'json']),
  text: z.string(),
  /** Judges only: nothing is stored. */
  isDryRun: z.boolean().default(false),
});

export type ImportInput = z.input<typeof importInput>;

/** What became of one row. */
export interface ImportedRow {
  line: number;
  /** Null where the row has none that can be read. */
  name: string | null;
  /** Null where it failed, or would only have been stored. */
  credential: ShownCredential | null;
  error: { code: ErrorCode; field: string | null; message: string } | null;
}

/** Many credentials at once: each row is a change of its own, and fails by itself. */
export class CredentialImport {
  readonly #parts: ServiceParts;
  readonly #own: CredentialParts;

  constructor(parts: ServiceParts, own: CredentialParts) {
    this.#parts = parts;
    this.#own = own;
  }

  /** In the order of the text. */
  async run(actor: Actor, input: ImportInput): Promise<ImportedRow[]> {
    permitChange(actor, 'importCredentials');
    const { pool: text, format, text: rows, isDryRun } = validated(importInput, input);
    const raw = rowsOf(format, rows);
    const em = this.#parts.em.fork();
    const pool = await poolFor(em, actor, text);
    const repeated = repeatedIn(raw);
    const results: ImportedRow[] = [];
    for (let from = 0; from < raw.length; from += AT_A_TIME) {
      const some = raw.slice(from, from + AT_A_TIME).map(async (row) => {
        if (row.value instanceof GatewayError) return failed(row, row.value);
        if (repeated.has(row)) return failed(row, nameTaken('An earlier row'));
        const work = isDryRun ? this.#judge(em, pool, row) : this.#store(actor, pool, row);
        return await outcomeOf(row, work);
      });
      results.push(...(await Promise.all(some)));
    }
    return results;
  }

  async #judge(em: EntityManager, { id, strategy }: Pool, row: RawRow): Promise<null> {
    const wanted = validated(rowInput, row.value);
    assertSound(wanted, strategy, this.#own.registries);
    const where = { poolId: id, name: wanted.name, deletedAt: null };
    if ((await em.fork().count(Credential, where)) > 0) throw nameTaken('Another credential');
    return null;
  }

  async #store(actor: Actor, { id }: Pool, row: RawRow): Promise<ShownCredential> {
    const asked = {
      actor: ofRow(actor, row),
      operation: 'importCredentials',
      schema: rowInput,
      input: row.value as z.input<typeof rowInput>,
      of: id,
    } as const;
    const made = perform(this.#parts, asked, async ({ wanted, tx, note }) => {
      const pool = await poolFor(tx, actor, id);
      const now = new Date(this.#parts.clock.now());
      const credential = newCredential(tx, { pool, wanted, now }, this.#own);
      const after = credentialFacts(credential, pool);
      note({ type: 'credential.created', subject: credential.id, after });
      return shown(credential);
    });
    return await claimingName('credential of the pool', made);
  }
}

/** Each row is a change by itself: asked for again, those that were made are not made again. */
function ofRow(actor: Actor, { line }: RawRow): Actor {
  const { mutationId } = actor;
  if (mutationId === undefined) return actor;
  return { ...actor, mutationId: `${hash('sha256', mutationId, 'base64url')}:${line}` };
}

const nameIn = ({ value }: RawRow): string | null => {
  const { name } = (value ?? {}) as { name?: unknown };
  return typeof name === 'string' && !(value instanceof Error) ? name : null;
};

/** Rows that have the name of an earlier one. */
function repeatedIn(rows: readonly RawRow[]): Set<RawRow> {
  const names = new Set<string>();
  return new Set(
    rows.filter((row) => {
      const name = nameIn(row);
      if (name === null) return false;
      const isRepeated = names.has(name);
      names.add(name);
      return isRepeated;
    }),
  );
}

const nameTaken = (who: string): GatewayError =>
  new GatewayError('conflict', `${who} has this name already.`, { param: 'name' });

const failed = (row: RawRow, { code, param, message }: GatewayError): ImportedRow => ({
  line: row.line,
  name: nameIn(row),
  credential: null,
  error: { code, field: param, message },
});

/** What nobody expected fails the whole. */
async function outcomeOf(row: RawRow, work: Promise<ShownCredential | null>): Promise<ImportedRow> {
  try {
    return { line: row.line, name: nameIn(row), credential: await work, error: null };
  } catch (error) {
    if (error instanceof GatewayError) return failed(row, error);
    throw error;
  }
}
