import { BlockList, isIP } from 'node:net';
import { ModelPattern } from '../pool/model-pattern.ts';

/** Restrictions of a virtual key as its row has them. */
export interface KeyRestrictions {
  allowedModels: readonly string[] | null;
  allowedEndpoints: readonly string[] | null;
  sourceNetworks: readonly string[] | null;
}

/** Which models and endpoints a virtual key may use, and from which networks. */
export class KeyScope {
  readonly #models: readonly ModelPattern[] | null;
  readonly #endpoints: readonly ModelPattern[] | null;
  readonly #networks: BlockList | null;

  constructor({ allowedModels, allowedEndpoints, sourceNetworks }: KeyRestrictions) {
    this.#models = allowedModels?.map((text) => new ModelPattern(text)) ?? null;
    this.#endpoints = allowedEndpoints?.map((text) => new ModelPattern(text)) ?? null;
    this.#networks = sourceNetworks === null ? null : networksOf(sourceNetworks);
  }

  /** Whether it may use certain models only. */
  get isOfModels(): boolean {
    return this.#models !== null;
  }

  allowsModel(model: string): boolean {
    return this.#models === null || this.#models.some((pattern) => pattern.match(model) !== null);
  }

  allowsEndpoint(id: string): boolean {
    return (
      this.#endpoints === null || this.#endpoints.some((pattern) => pattern.match(id) !== null)
    );
  }

  /** An IPv4 address that arrives as IPv6 is judged as IPv4. */
  allowsAddress(address: string): boolean {
    if (this.#networks === null) return true;
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return family !== 0 && this.#networks.check(plain, family === 6 ? 'ipv6' : 'ipv4');
  }
}

function networksOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    const type = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    list.addSubnet(
      address,
      length === undefined ? (type === 'ipv6' ? 128 : 32) : Number(length),
      type,
    );
  }
  return list;
}
