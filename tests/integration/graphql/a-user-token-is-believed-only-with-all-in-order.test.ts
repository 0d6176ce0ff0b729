import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { SignJWT, UnsecuredJWT, exportJWK, exportSPKI, generateKeyPair } from 'jose';
import type { JWTPayload } from 'jose';
import { CLI } from '../../../src/services/actor.ts';
import { startGateway } from '../../support/gateway.ts';
import type { Gateway } from '../../support/gateway.ts';
import { graphqlClient } from '../../support/graphql-client.ts';

const SECRET = 'a-shared-secret-of-more-than-32-bytes';
const secretKey = new TextEncoder().encode(SECRET);
const HOUR_S = 3600;

/** Whoever signs for users: publishes one key of each kind. */
const issuer = {
  keys: {} as Record<'RS256' | 'ES256' | 'EdDSA', CryptoKey>,
  publicPem: '',
  jwks: { keys: [] as object[] },
  isUp: true,
  asked: 0,
  server: createServer(),
};

beforeAll(async () => {
  for (const alg of ['RS256', 'ES256', 'EdDSA'] as const) {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
    issuer.keys[alg] = privateKey;
    issuer.jwks.keys.push({ ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' });
    if (alg === 'RS256') issuer.publicPem = await exportSPKI(publicKey);
  }
  issuer.server.on('request', (_request, response) => {
    issuer.asked += 1;
    response.statusCode = issuer.isUp ? 200 : 503;
    response.end(JSON.stringify(issuer.jwks));
  });
  await new Promise<void>((resolve) => issuer.server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  issuer.server.closeAllConnections();
  await new Promise((resolve) => issuer.server.close(resolve));
});

interface Scene {
  gateway: Gateway;
  ann: string;
  nowS: number;
}

async function scene(): Promise<Scene> {
  const { port } = issuer.server.address() as AddressInfo;
  const gateway = await startGateway({
    env: {
      USER_JWT_SECRET: SECRET,
      USER_JWKS_URL: `http://127.0.0.1:${port}/keys`,
      USER_JWT_AUDIENCE: 'tollgate',
      USER_JWT_ISSUER: 'https://login.example',
    },
  });
  const { id: ann } = await gateway.space.users.create(CLI, { name: 'ann' });
  const { id: bob } = await gateway.space.users.create(CLI, { name: 'bob' });
  await gateway.space.users.update(CLI, bob, { isEnabled: false });
  return { gateway, ann, nowS: Math.floor(gateway.clock.now() / 1000) };
}

const me = async ({ gateway }: Scene, token: string) =>
  await graphqlClient(gateway, { token }).ask('{ me { name role userId } }');

/** Claims with all in order, and what is to be different; undefined leaves a claim out. */
const claims = ({ ann, nowS }: Scene, other: Record<string, unknown> = {}): JWTPayload =>
  JSON.parse(
    JSON.stringify({
      sub: ann,
      aud: 'tollgate',
      iss: 'https://login.example',
      exp: nowS + HOUR_S,
      ...other,
    }),
  ) as JWTPayload;

const hs256 = (payload: JWTPayload, key = secretKey) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(key);

const signed = (alg: keyof typeof issuer.keys, payload: JWTPayload, header = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg, kid: alg, ...header }).sign(issuer.keys[alg]);

describe('a token of a user', () => {
  test('is believed for each way of signing, whether it names the user by id or by name', async () => {
    const at = await scene();
    const { ann } = at;
    const good = {
      hs256: await hs256(claims(at)),
      byName: await hs256(claims(at, { sub: 'ann' })),
      oneOfAudiences: await hs256(claims(at, { aud: ['other', 'tollgate'] })),
      rs256: await signed('RS256', claims(at)),
      es256: await signed('ES256', claims(at)),
      eddsa: await signed('EdDSA', claims(at)),
    };
    for (const token of Object.values(good)) {
      const { status, data } = await me(at, token);
      expect(status).toBe(200);
      expect(data.me).toEqual({ name: `user:${ann}`, role: 'USER', userId: ann });
    }
    expect(issuer.asked).toBe(1);
  });

  test('is refused in one way whatever is wrong with it', async () => {
    const at = await scene();
    const { nowS } = at;
    const stranger = await generateKeyPair('RS256');
    const bad: Record<string, string> = {
      unsigned: new UnsecuredJWT(claims(at)).encode(),
      'signed with another secret': await hs256(claims(at), new Uint8Array(32)),
      'signed with the public key as the secret': await hs256(
        claims(at),
        new TextEncoder().encode(issuer.publicPem),
      ),
      'of an algorithm nobody pinned': await new SignJWT(claims(at))
        .setProtectedHeader({ alg: 'HS512' })
        .sign(secretKey),
      'signed by a stranger': await new SignJWT(claims(at))
        .setProtectedHeader({ alg: 'RS256', kid: 'RS256' })
        .sign(stranger.privateKey),
      'of a key that is not published': await signed('RS256', claims(at), { kid: 'nobody' }),
      expired: await hs256(claims(at, { exp: nowS - 1 })),
      'not valid yet': await hs256(claims(at, { nbf: nowS + HOUR_S })),
      'without an end': await hs256(claims(at, { exp: undefined })),
      'with an end that is no time': await hs256(claims(at, { exp: 'never' })),
      'without a subject': await hs256(claims(at, { sub: undefined })),
      'with a subject that is no text': await hs256(claims(at, { sub: ['ann'] })),
      'with an empty subject': await hs256(claims(at, { sub: '' })),
      'for another audience': await hs256(claims(at, { aud: 'others' })),
      'for no audience': await hs256(claims(at, { aud: undefined })),
      'of another issuer': await hs256(claims(at, { iss: 'https://evil.example' })),
      'of no issuer': await hs256(claims(at, { iss: undefined })),
      'of an unknown user': await hs256(claims(at, { sub: 'eve' })),
      'with a part that must be understood': await new SignJWT(claims(at))
        .setProtectedHeader({ alg: 'HS256', crit: ['urn:odd'], 'urn:odd': true })
        .sign(secretKey, { crit: { 'urn:odd': true } }),
      'with its header exchanged': (await hs256(claims(at))).replace(
        /^[^.]+/,
        Buffer.from('{"alg":"none"}').toString('base64url'),
      ),
      'with its signature cut off': (await hs256(claims(at))).replace(/[^.]+$/, ''),
      enormous: await hs256(claims(at, { pad: 'x'.repeat(9000) })),
      'no token at all': 'a.b.c',
    };
    const answers = await Promise.all(Object.values(bad).map((token) => me(at, token)));
    const seen = answers.map(({ status, data, errors, headers }) => ({
      status,
      data,
      message: errors[0]?.message,
      code: errors[0]?.extensions['code'],
      header: headers.get('www-authenticate'),
    }));
    const first = seen[0];
    expect(first).toMatchObject({
      status: 401,
      data: null,
      code: 'UNAUTHENTICATED',
      header: 'Bearer',
    });
    for (const [at2, one] of seen.entries()) {
      expect([Object.keys(bad)[at2], one]).toEqual([Object.keys(bad)[at2], first]);
    }
  });

  test('of one that is switched off is refused as such, and from the very moment', async () => {
    const at = await scene();
    const bob = await me(at, await hs256(claims(at, { sub: 'bob' })));
    expect(bob).toMatchObject({ status: 403, data: null });
    expect(bob.errors[0]?.extensions).toMatchObject({ code: 'PERMISSION_DENIED' });
    const token = await hs256(claims(at));
    expect(await me(at, token)).toMatchObject({ status: 200 });
    await at.gateway.space.users.update(CLI, 'ann', { isEnabled: false });
    expect(await me(at, token)).toMatchObject({ status: 403 });
  });

  test('ends when it says', async () => {
    const at = await scene();
    const token = await hs256(claims(at, { exp: at.nowS + 60 }));
    expect(await me(at, token)).toMatchObject({ status: 200 });
    at.gateway.clock.advance(61_000);
    expect(await me(at, token)).toMatchObject({ status: 401 });
  });

  test('whose public key cannot be read is not the caller’s fault', async () => {
    issuer.isUp = false;
    const at = await scene();
    try {
      const token = await signed('RS256', claims(at));
      const { status, errors } = await me(at, token);
      expect(status).toBe(502);
      expect(errors[0]?.extensions).toMatchObject({ code: 'UPSTREAM_ERROR', retryable: true });
      expect(at.gateway.logs()).toContain('the keys of user tokens cannot be read');
      // Other ways of signing go on.
      expect(await me(at, await hs256(claims(at)))).toMatchObject({ status: 200 });
      issuer.isUp = true;
      // They are asked for again once a second at most.
      at.gateway.clock.advance(1000);
      expect(await me(at, token)).toMatchObject({ status: 200 });
    } finally {
      issuer.isUp = true;
    }
  });
});

test('without a secret or keys, tokens of users open nothing', async () => {
  const gateway = await startGateway();
  const { id } = await gateway.space.users.create(CLI, { name: 'ann' });
  const at = { gateway, ann: id, nowS: Math.floor(gateway.clock.now() / 1000) };
  for (const token of [await hs256(claims(at)), await signed('RS256', claims(at))]) {
    expect(await me(at, token)).toMatchObject({ status: 401 });
  }
});
