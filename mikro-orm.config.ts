import { Migrator } from '@mikro-orm/migrations';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { defineConfig } from '@mikro-orm/sqlite';
import { entities } from './src/entities/index.ts';
import { WalSqliteDialect } from './src/lib/sqlite.ts';
import { migrations } from './migrations/sqlite/index.ts';

/** MikroORM over one SQLite file. Migrations are listed, not discovered, so that they run from any build. */
export function ormConfig(file: string) {
  return defineConfig({
    dbName: file,
    driverOptions: () => new WalSqliteDialect(file),
    entities,
    metadataProvider: ReflectMetadataProvider,
    extensions: [Migrator],
    migrations: {
      migrationsList: migrations,
      path: 'migrations/sqlite',
      snapshot: false,
      disableForeignKeys: false,
      silent: true,
    },
    // Statements are logged by nobody: values may hold key hashes.
    debug: false,
    allowGlobalContext: false,
    forceUtcTimezone: true,
  });
}

export default ormConfig('data/tollgate.db');
