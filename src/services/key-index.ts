import type { LimitSubject } from '../accounting/limits.ts';
import type { VirtualKey } from '../entities/virtual-key.ts';

/** A virtual key as calls are judged by it, by one of its secrets or by its id. */
export interface IndexedKey {
  readonly id: string;
  readonly name: string;
  readonly poolId: string;
  readonly isActive: boolean;
  /** Of the secret it was found by: the one before a rotation may end earlier. */
  readonly expiresAt: Date | null;
  readonly deletedAt: Date | null;
  /** Empty when it has none. */
  readonly userId: string;
  readonly teamId: string;
  /** The key's, and its team's. */
  readonly limits: readonly LimitSubject[];
  readonly scope: {
    /** Whether it may use certain models only. */
    readonly isOfModels: boolean;
    allowsModel(model: string): boolean;
    allowsEndpoint(id: string): boolean;
    allowsAddress(address: string): boolean;
  };
  readonly facts: Readonly<
    Pick<VirtualKey, 'hint' | 'createdAt' | 'allowedModels' | 'allowedEndpoints' | 'metadata'>
  >;
}

/** The keys that the data plane lets in by, in memory. */
export interface KeyIndex {
  /** Undefined for unknown and malformed secrets alike. */
  find(secret: string): IndexedKey | undefined;
  /** Deleted ones as well. */
  byId(id: string): IndexedKey | undefined;
  /** Each once, deleted ones as well. */
  all(): Iterable<IndexedKey>;
  /** Whether it may be used now: its own state, and that of its owner and team. */
  isActive(
    key: Pick<IndexedKey, 'isActive' | 'expiresAt' | 'deletedAt' | 'userId' | 'teamId'>,
    nowMs: number,
  ): boolean;
}
