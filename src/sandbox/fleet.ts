/** A provider account of the sandbox: its name, its secret and what it has to spend. */
export interface SandboxCredential {
  name: string;
  key: string;
  /** Nano-USD. */
  balanceNano: bigint;
  /** The only models it is served, by the names it may use; all when absent. */
  models?: readonly string[];
}

/** The fleet of a first start. The keys are worthless and say so. */
export const DEFAULT_FLEET: SandboxCredential[] = [
  { name: 'sandbox-1', key: 'vck_sandbox_1_not_a_real_key', balanceNano: 10_000_000_000n },
  { name: 'sandbox-2', key: 'vck_sandbox_2_not_a_real_key', balanceNano: 5_000_000_000n },
  { name: 'sandbox-3', key: 'vck_sandbox_3_not_a_real_key', balanceNano: 5_000_000_000n },
];
