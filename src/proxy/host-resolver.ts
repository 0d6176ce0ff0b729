import type { LookupAddress, LookupOptions } from 'node:dns';
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { LookupFunction } from 'node:net';
import { callbackify } from 'node:util';
import type { Clock } from '../lib/clock.ts';
import { isLinkLocal, isPrivate } from '../lib/address-ranges.ts';

/** Lookups block a thread of libuv's pool, which has four; files need the rest. */
const AT_WORK_MAX = 2;
const FRESH_MS = 10_000;
/** Host names come from the configuration: bounds what years of changes leave behind. */
const REMEMBERED_MAX = 1000;

/** Names that are meant for addresses of one's own network; so are those without a dot. */
const LOCAL_SUFFIXES = ['.local', '.localhost', '.internal', '.lan', '.home.arpa'];

/** A name leads where none of its kind should: nothing is connected to. */
export class PrivateAddressError extends Error {
  readonly code = 'EPRIVATE';

  constructor(hostname: string, address: string) {
    super(`${hostname} resolves to ${address}, which is not an address of the public internet`);
    this.name = 'PrivateAddressError';
  }
}

export type Resolve = (hostname: string, hints: number) => Promise<LookupAddress[]>;

export interface HostResolverParts {
  clock: Clock;
  resolve?: Resolve;
  /** Names that look public may lead to one's own network (split-horizon DNS). */
  isPrivateAllowed?: boolean;
  /** Told of every address that was refused: the configuration is wrong, or somebody's DNS is. */
  onRefused?(error: PrivateAddressError): void;
  /** Any name may lead to link-local addresses and metadata services. */
  isLinkLocalAllowed?: boolean;
}

/**
 * Finds the addresses of upstreams. One lookup at a time for each name and two at all, so that slow
 * DNS leaves threads for the rest; who asks within ten seconds of an answer shares it. Failures are
 * not remembered. What a name leads to is judged here, between lookup and connection, because only
 * here it cannot change any more (DNS rebinding).
 */
export class HostResolver {
  readonly #parts: HostResolverParts;
  readonly #resolve: Resolve;
  readonly #answers = new Map<string, { addresses: LookupAddress[]; staleAtMs: number }>();
  readonly #asking = new Map<string, Promise<LookupAddress[]>>();
  readonly #waiting: (() => void)[] = [];
  #atWork = 0;

  constructor(parts: HostResolverParts) {
    this.#parts = parts;
    this.#resolve =
      parts.resolve ?? ((hostname, hints) => systemLookup(hostname, { all: true, hints }));
  }

  /** For `connect` of undici and node:net. Every address is given to who can try them in turn. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    this.#lookUp(hostname, options, (error, addresses) => {
      if (error) callback(error, []);
      else if (options.all === true) callback(null, addresses);
      else callback(null, addresses[0].address, addresses[0].family);
    });
  };

  readonly #lookUp = callbackify(async (hostname: string, { hints = 0, family }: LookupOptions) =>
    ofFamily(await this.#find(hostname, hints), hostname, family),
  );

  /** All callers are connectors that ask alike: the name alone tells answers apart. */
  async #find(hostname: string, hints: number): Promise<LookupAddress[]> {
    const answer = this.#answers.get(hostname);
    if (answer !== undefined && this.#parts.clock.monotonic() < answer.staleAtMs) {
      return answer.addresses;
    }
    let asking = this.#asking.get(hostname);
    if (asking === undefined) {
      asking = this.#ask(hostname, hints).finally(() => this.#asking.delete(hostname));
      this.#asking.set(hostname, asking);
    }
    return asking;
  }

  async #ask(hostname: string, hints: number): Promise<LookupAddress[]> {
    await this.#begin();
    try {
      const addresses = await this.#resolve(hostname, hints);
      for (const { address } of addresses) this.#admit(hostname, address);
      this.#keep(hostname, addresses);
      return addresses;
    } finally {
      this.#end();
    }
  }

  #admit(hostname: string, address: string): void {
    const { isPrivateAllowed = false, isLinkLocalAllowed = false } = this.#parts;
    const isRefused = isLinkLocal(address)
      ? !isLinkLocalAllowed
      : !isPrivateAllowed && looksPublic(hostname) && isPrivate(address);
    if (!isRefused) return;
    const error = new PrivateAddressError(hostname, address);
    this.#parts.onRefused?.(error);
    throw error;
  }

  #keep(hostname: string, addresses: LookupAddress[]): void {
    this.#answers.delete(hostname);
    const staleAtMs = this.#parts.clock.monotonic() + FRESH_MS;
    this.#answers.set(hostname, { addresses, staleAtMs });
    if (this.#answers.size <= REMEMBERED_MAX) return;
    const oldest = this.#answers.keys().next();
    if (oldest.done !== true) this.#answers.delete(oldest.value);
  }

  async #begin(): Promise<void> {
    if (this.#atWork < AT_WORK_MAX) this.#atWork += 1;
    // Whoever ends passes its place on.
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #end(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#atWork -= 1;
    else next();
  }
}

function looksPublic(hostname: string): boolean {
  const name = hostname.toLowerCase().replace(/\.$/, '');
  if (isIP(name) !== 0 || !name.includes('.')) return false;
  return !LOCAL_SUFFIXES.some((suffix) => name.endsWith(suffix));
}

const FAMILIES: Record<string, number> = { IPv4: 4, IPv6: 6 };

function ofFamily(
  addresses: readonly LookupAddress[],
  hostname: string,
  asked: number | string = 0,
): [LookupAddress, ...LookupAddress[]] {
  const family = FAMILIES[asked] ?? asked;
  const [first, ...others] = addresses.filter((one) => family === 0 || one.family === family);
  if (first !== undefined) return [first, ...others];
  const error = new Error(`${hostname} has no address of the family asked for`);
  throw Object.assign(error, { code: 'ENOTFOUND' });
}
