import Database from 'better-sqlite3';

// Loaded before the product (NODE_OPTIONS=--import), also in its threads, to break one promise of it: a
// test that would not notice proves nothing.

const compiled = (path: string): string => new URL(`../../dist/src/${path}`, import.meta.url).href;

interface LedgerClass {
  Ledger: { prototype: { hold(...given: unknown[]): Promise<void> } };
}

const WEAKNESSES: Record<string, () => Promise<void> | void> = {
  'synchronous=NORMAL': () => lowerSynchronous('NORMAL'),
  'synchronous=OFF': () => lowerSynchronous('OFF'),
  'answers do not wait for holds': answerEarly,
};

function lowerSynchronous(level: string): void {
  const { pragma } = Database.prototype;
  Database.prototype.pragma = function lowered(source, options) {
    return pragma.call(
      this,
      source.replace('synchronous = FULL', `synchronous = ${level}`),
      options,
    );
  };
}

async function answerEarly(): Promise<void> {
  const { Ledger } = (await import(compiled('accounting/ledger/ledger.js'))) as LedgerClass;
  const { hold } = Ledger.prototype;
  Ledger.prototype.hold = async function early(...given) {
    void hold.apply(this, given).catch(() => undefined);
  };
}

await WEAKNESSES[process.env['WEAKNESS'] ?? '']?.();
