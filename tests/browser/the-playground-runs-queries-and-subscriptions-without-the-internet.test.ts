import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ADMIN } from '../../src/services/actor.ts';
import { gatewayOfFile } from '../support/gateway.ts';
import { until } from '../support/patience.ts';
import { browserOfFile } from './browser.ts';
import { PlaygroundPage } from './playground-page.ts';

const gateway = gatewayOfFile();
const visit = browserOfFile();

/** To be looked at by whoever changes the page. */
const PICTURES = join(tmpdir(), 'tollgate-playground');

const { version } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'),
) as { version: string };

const secret = () => gateway().space.secrets.admin.reveal();
const headers = (value: string) => JSON.stringify({ authorization: `Bearer ${value}` });

let keyCount = 0;

/** Nothing tells when the server has subscribed: creates keys until one of them shows. */
const causeEvents = (playground: PlaygroundPage): Promise<number> =>
  until(async () => {
    keyCount += 1;
    await gateway().space.keys.create(ADMIN, { name: `key ${keyCount}` });
    const shown = playground.answer('"type": "virtual_key.created"').waitFor({ timeout: 1000 });
    return await shown.then(
      () => true,
      () => false,
    );
  });

test.each([
  { colorScheme: 'light' as const, brightness: 255 },
  { colorScheme: 'dark' as const, brightness: 59 },
])(
  'somebody with the secret, and a $colorScheme screen, sees the schema, an answer and an event',
  async ({ colorScheme, brightness }) => {
    const seen = await visit(gateway().url, { colorScheme }, async (page, { sockets }) => {
      const playground = new PlaygroundPage(page);
      await playground.open(gateway().url);
      expect(await playground.brightness()).toBe(brightness);
      await playground.openDocs();
      await playground.pasteHeaders(headers(secret()));
      await playground.schemaLoaded();

      await playground.run();
      await playground.answer(`"version": "${version}"`).waitFor();

      await playground.tab('Events').click();
      await playground.run();
      await causeEvents(playground);
      await page.screenshot({ path: join(PICTURES, `${colorScheme}.png`) });
      expect(sockets.size).toBe(1);
      await playground.stop();
      await until(() => sockets.size === 0);
    });
    expect(seen).toMatchObject({ strays: [], complaints: [] });
  },
);

test('whoever has no secret yet is told where it is, and nothing is sent', async () => {
  const seen = await visit(gateway().url, {}, async (page) => {
    const playground = new PlaygroundPage(page);
    await playground.open(gateway().url);
    await playground.notice('data/admin-secret').waitFor();
    await playground.run();
    await playground.answer('Paste the admin secret').waitFor();
    await playground.tab('Events').click();
    await playground.run();
    await playground.answer('Paste the admin secret').waitFor();
  });
  expect(seen).toMatchObject({ strays: [], complaints: [] });
  expect(seen.paths).not.toContain('/graphql');
});

test('whoever has a wrong secret reads the words of the server, until it is right', async () => {
  const seen = await visit(gateway().url, {}, async (page) => {
    const playground = new PlaygroundPage(page);
    await playground.open(gateway().url);
    await playground.openDocs();
    await playground.pasteHeaders(headers('wrong'));
    await playground.notice('Say who you are').waitFor();
    await playground.tab('Events').click();
    await playground.run();
    await playground.answer('The socket was closed: 4403').waitFor();
    await playground.tab('Server').click();
    await playground.pasteHeaders(headers(secret()));
    await playground.schemaLoaded();
  });
  // The browser's own: of each refusal it says no more.
  expect(seen.complaints.filter((text) => !text.includes('401'))).toEqual([]);
  expect(seen.strays).toEqual([]);
});

test('the secret outlives a reload, and stays in the session of the tab', async () => {
  const seen = await visit(gateway().url, {}, async (page) => {
    const playground = new PlaygroundPage(page);
    await playground.open(gateway().url);
    await playground.openDocs();
    await playground.pasteHeaders(headers(secret()));
    await playground.schemaLoaded();
    await playground.run();
    await playground.answer(`"version": "${version}"`).waitFor();
    await playground.tab('Events').click();
    await until(async () => (await playground.kept()).session.includes('activeTabIndex\\":1'));

    await playground.reload();
    await playground.schemaLoaded();
    await playground.run();
    await causeEvents(playground);
    expect(await playground.tabCount()).toBe(2);

    const { local, session, cookies } = await playground.kept();
    expect({ local, cookies }).toEqual({ local: '{}', cookies: '' });
    expect(session).toContain(secret());
  });
  expect(seen).toMatchObject({ strays: [], complaints: [] });
});
