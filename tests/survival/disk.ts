import type { Random } from '../../src/lib/random.ts';
import { DIRECTORY } from './recording.ts';
import type { Recorded } from './recording.ts';

// A disk that keeps what was synced, and of what was written later whatever it likes: all, nothing, any
// part of it in any order, sectors of a write without the others. A name is made and removed in order,
// and lasts once its directory was synced. What is not written stays as it was, also within a sector.

const SECTOR_BYTES = 512;
/** Of single changes that are lost, kept or torn, at most so many of each are tried at one moment. */
const SINGLES_MAX = 3;
/** And so many mixtures of all. */
const MIXTURES = 2;

type Change = { offset: number; bytes: Buffer } | { size: number };

type Fate = 'lost' | 'kept' | 'torn';
const FATES: readonly Fate[] = ['lost', 'kept', 'torn'];

class DiskFile {
  durable: Buffer;
  /** Grows with each sync that changed it. */
  version = 0;
  pending: Change[] = [];
  readonly serial: number;

  constructor(serial: number, durable: Buffer) {
    this.serial = serial;
    this.durable = durable;
  }

  /** Changes are synced in their order, so these are the first of them. */
  keep(changes: readonly Change[]): void {
    const count = this.pending.findLastIndex((change) => changes.includes(change)) + 1;
    if (count === 0) return;
    this.durable = written(this.durable, this.pending.splice(0, count), (): Fate => 'kept');
    this.version += 1;
  }
}

type Names = ReadonlyMap<string, DiskFile>;

/** What is found when the power is back. */
export interface Remains {
  /** The same for the same remains; null where it is not known. */
  key: string | null;
  files: () => Map<string, Buffer>;
}

export class Disk {
  /** The names that are sure to be found, and then as they are after each change since. */
  #names: Names[];
  #files = 0;
  readonly #random: Random;
  readonly #syncs = new Map<string, () => void>();

  constructor(files: ReadonlyMap<string, Buffer>, random: Random) {
    this.#random = random;
    this.#names = [new Map([...files].map(([name, bytes]) => [name, this.#newFile(bytes)]))];
  }

  apply(event: Recorded): void {
    switch (event.kind) {
      case 'write':
        this.#file(event.file).pending.push({ offset: event.offset, bytes: event.bytes });
        break;
      case 'cut':
        this.#file(event.file).pending.push({ size: event.size });
        break;
      case 'open':
        if (!this.#now.has(event.file)) this.#rename(event.file, this.#newFile(Buffer.alloc(0)));
        break;
      case 'remove':
        this.#rename(event.file, null);
        break;
      case 'sync begins':
        this.#syncs.set(event.thread, this.#syncOf(event.file));
        break;
      case 'sync ends':
        this.#syncs.get(event.thread)?.();
        break;
      case 'answer':
    }
  }

  /** What may be found if the power fails now. */
  *remains(): Generator<Remains> {
    for (const names of this.#names) {
      const changes = [...names.values()].flatMap((file) => file.pending);
      for (const fates of this.#fates(changes.length)) {
        const fateOf = new Map(changes.map((change, at) => [change, fates[at] ?? 'lost']));
        const states = [...names].map(
          ([name, { serial, version }]) => `${name} ${serial} ${version}`,
        );
        yield {
          key: fates.includes('torn') ? null : `${states.join()} ${fates.join()}`,
          files: () =>
            new Map(
              [...names].map(([name, { durable, pending }]) => [
                name,
                written(durable, pending, (change) => fateOf.get(change) ?? 'lost', this.#random),
              ]),
            ),
        };
      }
    }
  }

  get #now(): Names {
    return this.#names.at(-1) ?? new Map();
  }

  #newFile(bytes: Buffer): DiskFile {
    this.#files += 1;
    return new DiskFile(this.#files, bytes);
  }

  #file(name: string): DiskFile {
    const file = this.#now.get(name);
    if (file === undefined) throw new Error(`${name} was not opened`);
    return file;
  }

  #rename(name: string, file: DiskFile | null): void {
    const names = new Map(this.#now);
    if (file === null) names.delete(name);
    else names.set(name, file);
    this.#names.push(names);
  }

  /** A sync is of what was written before it began, and is done when it ends. */
  #syncOf(name: string): () => void {
    if (name === DIRECTORY) {
      const names = this.#now;
      return () => {
        this.#names = this.#names.slice(this.#names.indexOf(names));
      };
    }
    const file = this.#file(name);
    const changes = [...file.pending];
    return () => file.keep(changes);
  }

  *#fates(count: number): Generator<Fate[]> {
    const all = (fate: Fate) => Array.from({ length: count }, () => fate);
    yield all('lost');
    if (count === 0) return;
    yield all('kept');
    for (const at of this.#sample(count)) yield all('kept').with(at, 'lost');
    for (const at of this.#sample(count)) yield all('lost').with(at, 'kept');
    for (const at of this.#sample(count)) {
      yield [...all('kept').slice(0, at), 'torn', ...all('lost').slice(at + 1)];
    }
    for (let nth = 0; nth < MIXTURES; nth += 1) {
      yield all('lost').map(() => FATES[Math.floor(this.#random() * FATES.length)] ?? 'lost');
    }
  }

  /** Some numbers below the count, the last one among them. */
  #sample(count: number): Set<number> {
    const picked = new Set([count - 1]);
    while (picked.size < Math.min(count, SINGLES_MAX)) {
      picked.add(Math.floor(this.#random() * count));
    }
    return picked;
  }
}

function written(
  durable: Buffer,
  changes: readonly Change[],
  fateOf: (change: Change) => Fate,
  random: Random = () => 0,
): Buffer {
  if (changes.length === 0) return durable;
  const sizes = changes.map((change) =>
    'size' in change ? change.size : change.offset + change.bytes.length,
  );
  const room = Buffer.alloc(Math.max(durable.length, ...sizes));
  durable.copy(room);
  let size = durable.length;
  for (const change of changes) {
    const fate = fateOf(change);
    if (fate === 'lost') continue;
    if ('size' in change) {
      // A cut happens or not; what was behind it is zero if the file grows again.
      if (change.size < size) room.fill(0, change.size, size);
      size = change.size;
      continue;
    }
    const { offset, bytes } = change;
    for (let at = 0, length = 0; at < bytes.length; at += length) {
      length = Math.min(SECTOR_BYTES - ((offset + at) % SECTOR_BYTES), bytes.length - at);
      if (fate === 'torn' && random() < 0.5) continue;
      bytes.copy(room, offset + at, at, at + length);
      size = Math.max(size, offset + at + length);
    }
  }
  return room.subarray(0, size);
}
