import { Type } from '@mikro-orm/core';
import type { Platform } from '@mikro-orm/core';

/**
 * A 64-bit integer column read as `bigint` without loss. SQLite's driver hands integers over as
 * doubles, which lose digits above 2^53, so the value is selected as text there.
 */
export class BigIntColumn extends Type<bigint, string> {
  override convertToDatabaseValue(value: bigint | string | null): string {
    return value === null ? (value as unknown as string) : String(value);
  }

  override convertToJSValue(value: string | number | null): bigint {
    return value === null ? (value as unknown as bigint) : BigInt(value);
  }

  override convertToJSValueSQL(key: string, platform: Platform): string {
    return platform.constructor.name.includes('Sqlite') ? `cast(${key} as text)` : key;
  }

  override getColumnType(): string {
    return 'bigint';
  }

  override toJSON(value: bigint | null): string {
    return value === null ? (value as unknown as string) : String(value);
  }
}

/** A 64-bit integer column for counts and epoch milliseconds, which stay below 2^53. */
export class CountColumn extends Type<number, string | number> {
  override convertToJSValue(value: string | number | null): number {
    return value === null ? (value as unknown as number) : Number(value);
  }

  override getColumnType(): string {
    return 'bigint';
  }
}
