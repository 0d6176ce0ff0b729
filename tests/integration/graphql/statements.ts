import type { Gateway } from '../../support/gateway.ts';

/** What is read of the event log four times a second, whoever asks. */
const TAIL = /^select max\(seq\)/;

/** The SQL that some work makes the gateway execute, on whichever thread. */
export async function statementsOf({ space }: Gateway, work: () => Promise<unknown>) {
  const statements: string[] = [];
  const { config } = space.orm;
  const { reader } = space;
  const [onQuery, rows] = [config.get('onQuery'), reader.rows];
  config.set('onQuery', (sql: string) => {
    if (!TAIL.test(sql)) statements.push(sql);
    return sql;
  });
  reader.rows = (sql, values) => {
    statements.push(sql);
    return rows.call(reader, sql, values) as never;
  };
  try {
    await work();
  } finally {
    config.set('onQuery', onQuery);
    reader.rows = rows;
  }
  return statements;
}
