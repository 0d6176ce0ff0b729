import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { UserTokens } from '../../../src/services/user-tokens.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const TOKEN = `${part({ alg: 'RS256', kid: 'one' })}.${part({ sub: 'ann', exp: 4e9 })}.c2lnbmF0dXJl`;

test('keys of user tokens that cannot be read are asked for once a second', async () => {
  let asked = 0;
  const broken = createServer((_request, response) => {
    asked += 1;
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve));
  const { port } = broken.address() as AddressInfo;
  const clock = new ManualClock();
  const tokens = new UserTokens({
    clock,
    secret: null,
    jwksUrl: `http://127.0.0.1:${port}/jwks.json`,
    audience: null,
    issuer: null,
    onUnreadable: () => undefined,
  });
  const refusal = { code: 'upstream_error' };
  await expect(tokens.read(TOKEN)).rejects.toMatchObject(refusal);
  for (let nth = 0; nth < 20; nth += 1) {
    await expect(tokens.read(TOKEN)).rejects.toMatchObject(refusal);
  }
  expect(asked).toBe(1);

  clock.advance(1000);
  await expect(tokens.read(TOKEN)).rejects.toMatchObject(refusal);
  expect(asked).toBe(2);
  broken.close();
});
