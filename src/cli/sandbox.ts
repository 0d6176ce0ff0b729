import { DEFAULT_FLEET, startSandbox } from '../sandbox/index.ts';
import { usdFromNano } from '../lib/money.ts';
import { command } from './command.ts';
import { Flags, text, whole } from './flags.ts';
import { print, table } from './print.ts';

const PORT = 8001;

export const sandbox = command(
  'sandbox',
  'Run the sandbox fleet alone: an OpenAI-compatible upstream with credits, and faults on demand.',
)
  .option('--host <address>', 'address to listen on (127.0.0.1)')
  .option('--port <number>', `port to listen on (${PORT})`)
  .option('--chunks <number>', 'content events of a stream (12)')
  .option('--pace-ms <number>', 'pause between two events of a stream (30)')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const host = flags.read('host', text) ?? '127.0.0.1';
    const port = flags.read('port', whole(0, 65_535)) ?? PORT;
    const chunkCount = flags.read('chunks', whole(1, 100_000)) ?? 12;
    const chunkPaceMs = flags.read('pace-ms', whole(0, 60_000)) ?? 30;
    flags.check();
    const fleet = await startSandbox({
      host,
      port,
      chunkCount,
      chunkPaceMs,
      credentials: DEFAULT_FLEET,
    });
    print();
    print(`  The sandbox fleet is listening on ${fleet.url}`);
    print();
    print(`  OpenAI API   ${fleet.url}/v1`);
    print(`  Witness log  ${fleet.url}/__sandbox/witness`);
    print(`  Faults       ${fleet.url}/__sandbox/faults`);
    print();
    const rows = DEFAULT_FLEET.map(({ name, key, balanceNano }) => [
      name,
      key,
      `$${usdFromNano(balanceNano)}`,
    ]);
    print(table(['Credential', 'Key', 'Balance'], rows));
    print();
    print('  Ctrl-C stops it.');
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    await fleet.close();
  });
