import { command, configOf, onDataDir } from './command.ts';
import { Flags, text } from './flags.ts';

export const serve = onDataDir(
  command('serve', 'Start the gateway. Without a provider credential it serves from the sandbox.'),
)
  .option('--host <address>', 'address to listen on (HOST)')
  .option('--port <number>', 'port to listen on (PORT)')
  .option('--log-level <level>', 'lowest level that is logged (LOG_LEVEL)')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const config = configOf(flags, {
      HOST: flags.read('host', text),
      PORT: flags.read('port', text),
      LOG_LEVEL: flags.read('log-level', text),
    });
    // Other commands should not wait for a server to be loaded.
    const { serveUntilStopped } = await import('../main.ts');
    await serveUntilStopped(config);
  });
