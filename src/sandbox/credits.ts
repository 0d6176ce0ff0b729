import type { JsonObject } from './json.ts';
import type { SandboxCredential } from './fleet.ts';
import { checkOffer, type Offer } from './models.ts';

const NANO_PER_USD = 1_000_000_000n;

export interface StoredFile {
  id: string;
  object: JsonObject;
  bytes: Buffer;
}

/** One known credential with its money, its calls under way and what it uploaded. */
export class Account {
  readonly name: string;
  readonly key: string;
  balanceNano: bigint;
  usedNano = 0n;
  inFlight = 0;
  /** Refused on every path. */
  isRevoked = false;
  #models: Offer;
  readonly files = new Map<string, StoredFile>();
  readonly batches = new Map<string, JsonObject>();

  constructor(credential: SandboxCredential) {
    this.name = credential.name;
    this.key = credential.key;
    this.balanceNano = credential.balanceNano;
    this.#models = checkOffer(credential.models ?? null);
  }

  get models(): Offer {
    return this.#models;
  }

  /** Throws ApiError 400 for a name nobody knows. */
  set models(offer: Offer) {
    this.#models = checkOffer(offer);
  }

  charge(costNano: bigint): void {
    this.balanceNano -= costNano;
    this.usedNano += costNano;
  }
}

/** Exact decimal USD with at least two decimals, as Vercel's credits endpoint writes it. */
export function formatUsd(nano: bigint): string {
  const size = nano < 0n ? -nano : nano;
  const decimals = (size % NANO_PER_USD).toString().padStart(9, '0').replace(/0+$/, '');
  return `${nano < 0n ? '-' : ''}${size / NANO_PER_USD}.${decimals.padEnd(2, '0')}`;
}

/** Nano-USD of a decimal such as `12.5`; null when it is not one or has more than nine decimals. */
export function parseUsd(text: string): bigint | null {
  const match = /^(-?)(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole = '0', decimals = ''] = match;
  const nano = BigInt(whole) * NANO_PER_USD + BigInt(decimals.padEnd(9, '0'));
  return sign === '-' ? -nano : nano;
}
