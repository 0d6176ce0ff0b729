import { hash } from 'node:crypto';
import { Credential } from '../entities/credential.ts';
import { GatewayError } from '../errors/gateway-error.ts';
import type { Sealer } from '../lib/seal.ts';
import { Secret } from '../lib/secret.ts';
import { SlidingWindow } from '../lib/sliding-window.ts';
import { checkAccount } from '../pool/account-check.ts';
import type { AccountCheck, Finding } from '../pool/account-check.ts';
import type { Account, AskParts } from '../pool/ask.ts';
import { secretBinding } from '../pool/directory.ts';
import type { Provider } from '../providers/provider.ts';
import { splitBaseUrl } from '../providers/provider.ts';
import type { Actor } from './actor.ts';
import { assertMayPlace } from './base-url.ts';
import type { Registries } from './configured-pools.ts';
import { testInput } from './credential-input.ts';
import type { TestCredentialInput } from './credential-input.ts';
import { credentialNamed } from './credential-named.ts';
import { assertSound } from './new-credential.ts';
import { validated } from './operation.ts';
import type { ServiceParts } from './operation.ts';
import { ownedBy } from './own.ts';
import { permitChange } from './policy.ts';

/** So many tests by one actor in a minute: it is no service for trying out stolen secrets. */
const TESTS_MAX = 30;
const WINDOW_MS = 60_000;
const ACTORS_MAX = 1000;
const MODELS_SHOWN = 20;

/** What came of a test: `poor` is one that works and has no money. */
export type TestFinding = Finding | 'poor';

export interface CredentialTest {
  finding: TestFinding;
  /** It would serve calls. */
  isOk: boolean;
  status: number | null;
  message: string;
  balanceNano: bigint | null;
  usedNano: bigint | null;
  modelsCount: number | null;
  /** The first of them, by name. */
  models: string[];
}

export interface TestParts extends ServiceParts {
  asking: AskParts;
  sealer: Sealer;
  registries: Registries & { providers: ReadonlyMap<string, Provider> };
}

const MESSAGES: Record<TestFinding, string> = {
  works: 'The provider accepts it.',
  poor: 'The provider accepts it, but there is too little money on it to be used.',
  refused: 'The provider refuses it.',
  unclear: 'The provider gave no clear answer',
};

/** Asks providers whether credentials work, stored ones and others, which are not stored by it. */
export class CredentialTests {
  readonly #parts: TestParts;
  /** By digest: secrets are no map keys. */
  readonly #running = new Map<string, Promise<AccountCheck>>();
  readonly #windows = new Map<string, SlidingWindow>();

  constructor(parts: TestParts) {
    this.#parts = parts;
  }

  /** Who asks about the same account during a test shares it. */
  async test(actor: Actor, input: TestCredentialInput): Promise<CredentialTest> {
    permitChange(actor, 'testCredential');
    const wanted = validated(testInput, input);
    const { account, minCreditNano } =
      'credential' in wanted
        ? await this.#stored(actor, wanted.credential)
        : { account: this.#given(actor, wanted), minCreditNano: 0n };
    this.#assertFew(actor);
    return resultOf(await this.#check(account), minCreditNano);
  }

  #check(account: Account): Promise<AccountCheck> {
    const { kind, origin, prefix, secret } = account;
    const key = hash('sha256', [kind.id, origin, prefix, secret.reveal()].join('\n'));
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const check = checkAccount(account, this.#parts.asking).finally(() =>
      this.#running.delete(key),
    );
    this.#running.set(key, check);
    return check;
  }

  async #stored(actor: Actor, text: string): Promise<{ account: Account; minCreditNano: bigint }> {
    const em = this.#parts.em.fork();
    const { credential, pool } = await credentialNamed(em, text, ownedBy(actor));
    const { id, provider, baseUrl } = credential;
    const row = await em.findOneOrFail(Credential, { id }, { populate: ['secretSealed'] });
    const secret = this.#parts.sealer.open(row.secretSealed, secretBinding(id));
    const minCreditNano = BigInt(pool.policy.minCreditNano);
    return { account: this.#account(provider, secret, baseUrl), minCreditNano };
  }

  #given(
    actor: Actor,
    {
      provider,
      secret,
      baseUrl,
    }: { provider: string; secret: string; baseUrl?: string | undefined },
  ): Account {
    assertMayPlace(actor, baseUrl);
    assertSound({ provider, baseUrl }, undefined, this.#parts.registries);
    return this.#account(provider, secret, baseUrl);
  }

  #account(provider: string, secret: string, baseUrl: string | undefined): Account {
    const kind = this.#parts.registries.providers.get(provider);
    if (kind === undefined) throw new Error(`no provider is called ${provider}`);
    return { kind, ...splitBaseUrl(baseUrl ?? kind.baseUrl ?? ''), secret: new Secret(secret) };
  }

  /** @throws GatewayError `rate_limit_exceeded` */
  #assertFew({ name }: Actor): void {
    const nowMs = this.#parts.clock.monotonic();
    const window = this.#windows.get(name) ?? new SlidingWindow(WINDOW_MS);
    if (window.wouldExceed(TESTS_MAX, nowMs)) {
      const retryAfterMs = window.nextFreeAt(TESTS_MAX, nowMs) - nowMs;
      const text = `No more than ${TESTS_MAX} tests a minute.`;
      throw new GatewayError('rate_limit_exceeded', text, { retryAfterMs });
    }
    window.take(nowMs);
    this.#windows.set(name, window);
    if (this.#windows.size > ACTORS_MAX) this.#forgetIdle(nowMs);
  }

  #forgetIdle(nowMs: number): void {
    for (const [name, window] of this.#windows) {
      if (window.count(nowMs) === 0) this.#windows.delete(name);
    }
  }
}

function resultOf(check: AccountCheck, minCreditNano: bigint): CredentialTest {
  const { finding, status, reason, balanceNano, usedNano, models } = check;
  const isPoor = finding === 'works' && balanceNano !== null && balanceNano <= minCreditNano;
  const told: TestFinding = isPoor ? 'poor' : finding;
  const why = told === 'unclear' && reason !== null ? `: ${reason}.` : '';
  return {
    finding: told,
    isOk: told === 'works',
    status,
    message: MESSAGES[told] + why,
    balanceNano,
    usedNano,
    modelsCount: models?.length ?? null,
    models: models?.toSorted().slice(0, MODELS_SHOWN) ?? [],
  };
}
