import { CLI } from '../services/actor.ts';
import { tokenName, tokenRole } from '../services/admin-tokens.ts';
import { command, configOf, onDataDir, withWorkspace } from './command.ts';
import { Flags, judged, text, whole } from './flags.ts';
import { expiryText } from './key-texts.ts';
import { print } from './print.ts';

export const createAdminToken = onDataDir(
  command('create-admin-token', 'Make a token for the control plane and show it, once.'),
)
  .option('-n, --name <name>', 'what or who it is for, unique for all time (required)')
  .option('-r, --role <role>', 'viewer, operator or admin (required)')
  .option('-e, --expires <days>', 'days until it expires (never)')
  .action(async (_options, self) => {
    const flags = new Flags(self);
    const name = flags.read('name', judged(text, tokenName));
    const role = flags.read('role', judged(text, tokenRole));
    const expiresInDays = flags.read('expires', whole(1, 36_500));
    flags.require(flags.isGiven('name'), '--name: is missing');
    flags.require(flags.isGiven('role'), '--role: is missing');
    const config = configOf(flags);
    await withWorkspace(config, async ({ tokens }) => {
      const wanted = { name: name ?? '', role: role ?? 'viewer', expiresInDays };
      const { secret, token } = await tokens.create(CLI, wanted);
      print();
      print(`  Admin Token: ${secret}`);
      print();
      print(`  ID:          ${token.id}`);
      print(`  Name:        ${token.name}`);
      print(`  Role:        ${token.role}`);
      print(`  Expires:     ${expiryText(token.expiresAt)}`);
      print();
      print('  Save this token now. It will not be shown again!');
    });
  });
