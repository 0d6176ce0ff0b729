import { mkdtemp, rm } from 'node:fs/promises';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import fastify from 'fastify';
import { GatewayError } from '../../../src/errors/gateway-error.ts';
import { renderOpenAiError } from '../../../src/errors/openai.ts';
import { playgroundPlugin } from '../../../src/rest/playground.ts';
import type { PlaygroundOptions } from '../../../src/rest/playground.ts';

const BUILT = join(import.meta.dirname, '../../../dist/playground');

/** Hosts that the code names without loading from them: namespaces, links to click, words of advice. */
const NAMED = new Set([
  'code.visualstudio.com',
  'commonmark.org',
  'en.wikipedia.org',
  'github.com',
  'json-schema.org',
  'microsoft.com',
  'prettier.io',
  'react.dev',
  'www.w3.org',
  'yarnpkg.com',
]);

const server = async (options: PlaygroundOptions = {}) => {
  const app = fastify();
  // As the front does it.
  app.setErrorHandler((thrown, _request, reply) => {
    const { status, headers, body } = renderOpenAiError(GatewayError.from(thrown));
    return reply.code(status).headers(headers).send(body);
  });
  await app.register(playgroundPlugin, options);
  return app;
};

let app: Awaited<ReturnType<typeof server>>;
let url: string;

beforeAll(async () => {
  app = await server();
  url = await app.listen({ port: 0 });
});

afterAll(() => app.close());

const HASHED = /[\w.-]+-[\w-]{8}\.(?:js|css|ttf|svg)/g;

/** The page, and whatever it and its parts name, from one to the next. */
async function everything(): Promise<Map<string, Response>> {
  const found = new Map<string, Response>();
  const wanted = [''];
  for (const name of wanted) {
    const response = await fetch(`${url}/playground/${name}`);
    found.set(name, response);
    const named = (await response.clone().text()).match(HASHED) ?? [];
    wanted.push(
      ...new Set(named.map((file) => `assets/${file}`).filter((file) => !wanted.includes(file))),
    );
  }
  return found;
}

test('the page and all that it names are served, and nothing else was built', async () => {
  const found = await everything();
  const statuses = [...found].filter(([, { status }]) => status !== 200);
  expect(statuses).toEqual([]);
  const built = readdirSync(BUILT, { recursive: true, encoding: 'utf8' });
  const names = built.filter((name) => name.endsWith('.gz')).map((name) => name.slice(0, -3));
  expect([...found.keys()].map((name) => name || 'index.html').toSorted()).toEqual(
    names.toSorted(),
  );
});

test('each is of its type, and only the page is asked for again', async () => {
  for (const [name, { headers }] of await everything()) {
    const isPage = name === '';
    expect(headers.get('content-type')).toMatch(
      isPage ? /^text\/html/ : /^(?:text\/javascript|text\/css|image\/svg|font\/ttf)/,
    );
    expect(headers.get('cache-control')).toBe(
      isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
    );
  }
});

test('every answer forbids what is not ours', async () => {
  const answers = [
    ...(await everything()).values(),
    await fetch(`${url}/playground`, { redirect: 'manual' }),
    await fetch(`${url}/playground/nothing`),
  ];
  for (const { headers } of answers) {
    const policy = (headers.get('content-security-policy') ?? '').split('; ');
    expect(policy).toEqual(
      expect.arrayContaining([
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
      ]),
    );
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
  }
});

test('nothing is loaded from elsewhere', async () => {
  const found = await everything();
  const texts = await Promise.all([...found.values()].map((response) => response.text()));
  const hosts = texts.flatMap((text) =>
    [...text.matchAll(/\b(?:https?|wss?):\/\/([a-z\d][a-z\d.-]*[a-z])/gi)].map(([, host]) => host),
  );
  expect(hosts).toContain('www.w3.org');
  expect([...new Set(hosts)].filter((host) => !NAMED.has(host ?? ''))).toEqual([]);
  const page = texts[0] ?? '';
  expect([...page.matchAll(/(?:src|href)="([^"]*)"/g)].length).toBeGreaterThan(2);
  expect(page).not.toMatch(/(?:src|href)="(?!\.\/assets\/)/);
  // An inline script would need a policy that allows any.
  expect(page).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=/);
  expect(texts.join('\n')).not.toMatch(/url\(["']?(?:https?:)?\/\//);
});

test('the address without a slash leads to the one with it, whatever stands before', async () => {
  const response = await fetch(`${url}/playground`, { redirect: 'manual' });
  expect([response.status, response.headers.get('location')]).toEqual([302, 'playground/']);
});

test.each([
  'nothing',
  'assets',
  'assets/',
  'built-from',
  'index.html.gz',
  '../built-from',
  '..%2fbuilt-from',
  '..%2f..%2fpackage.json',
  '%2e%2e/%2e%2e/package.json',
  '..\\..\\package.json',
  '/etc/passwd',
  '%00',
  '__proto__',
])('there is no %s', async (name) => {
  const { statusCode, body } = await app.inject(`/playground/${name}`);
  expect(statusCode).toBe(404);
  expect(body).not.toContain('tollgate');
});

test('a client that cannot unzip is given plain text', async () => {
  const plain = await app.inject({
    url: '/playground/',
    headers: { 'accept-encoding': 'identity' },
  });
  const zipped = await app.inject({ url: '/playground/', headers: { 'accept-encoding': 'gzip' } });
  expect(plain.headers['content-encoding']).toBeUndefined();
  expect(zipped.headers['content-encoding']).toBe('gzip');
  expect(gunzipSync(zipped.rawPayload).equals(plain.rawPayload)).toBe(true);
});

test('where it was not built, it says how to', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tollgate-unbuilt-'));
  const unbuilt = await server({ directory: join(directory, 'playground') });
  const { statusCode, body } = await unbuilt.inject('/playground/');
  expect(statusCode).toBe(404);
  expect(JSON.parse(body)).toMatchObject({
    error: { code: 'not_found', message: expect.stringContaining('npm run build') },
  });
  await unbuilt.close();
  await rm(directory, { recursive: true });
});
