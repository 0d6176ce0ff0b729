import { describe, expect, test } from '@jest/globals';
import { status } from '@grpc/grpc-js';
import { permissions } from '../../../src/grpc/permissions.ts';
import { ROLES, hasRole } from '../../../src/services/actor.ts';
import type { Role } from '../../../src/services/actor.ts';
import { operations } from '../../../src/services/policy.ts';
import { rawCall, rawSession } from '../../support/raw-grpc.ts';
import { startFace } from './face.ts';

const METHOD = '/tollgate.v1.KeyService/GetKey';

describe.each(ROLES)('a %s', (role) => {
  test('may ask what the policy says, and a user of a tenant nothing', async () => {
    const face = await startFace();
    const session = await rawSession(face.address);
    for (const [path, operation] of permissions) {
      const { code } = await rawCall(session, { path, token: role });
      const isAllowed = hasRole({ role } as never, operations[operation]) && role !== 'user';
      // Who may is asked for the message that is missing, or hears the end of an empty stream.
      expect([path, code === status.PERMISSION_DENIED]).toEqual([path, !isAllowed]);
      expect([path, code === status.UNAUTHENTICATED]).toEqual([path, false]);
    }
  });
});

test('whoever shows nothing, or what opens nothing, is nobody', async () => {
  const face = await startFace();
  const session = await rawSession(face.address);
  for (const path of permissions.keys()) {
    expect((await rawCall(session, { path })).code).toBe(status.UNAUTHENTICATED);
  }
  for (const authorization of [
    'Bearer',
    'Bearer nobody',
    'Basic admin',
    'admin',
    'Bearer admin,',
  ]) {
    const answer = await rawCall(session, { path: METHOD, headers: { authorization } });
    expect([authorization, answer.code]).toEqual([authorization, status.UNAUTHENTICATED]);
  }
});

test('the answer comes though the message does not', async () => {
  let asked = 0;
  const face = await startFace({
    methods: { KeyService: { GetKey: () => ({ key: { name: String((asked += 1)) } }) } },
  });
  const session = await rawSession(face.address);
  const refused = { path: METHOD, isOpen: true };
  expect((await rawCall(session, refused)).code).toBe(status.UNAUTHENTICATED);
  expect((await rawCall(session, { ...refused, token: 'user' })).code).toBe(
    status.PERMISSION_DENIED,
  );
  expect(asked).toBe(0);
});

test('two authorizations are one too many, whichever of them is right', async () => {
  const face = await startFace();
  const session = await rawSession(face.address);
  for (const authorization of [
    ['Bearer admin', 'Bearer admin'],
    ['Bearer admin', 'Bearer nobody'],
    ['Bearer nobody', 'Bearer admin'],
  ]) {
    const answer = await rawCall(session, { path: METHOD, headers: { authorization } });
    const wanted = { code: status.UNAUTHENTICATED, message: 'Give `authorization` once.' };
    expect(answer).toMatchObject(wanted);
  }
});

test('a role that is not enough is told which one would be', async () => {
  const face = await startFace();
  const client = face.client('viewer' satisfies Role);
  await expect(client.ask('UsageService', 'Reserve', {})).rejects.toMatchObject({
    refusal: { code: 'PERMISSION_DENIED', message: 'reserve needs the role operator.' },
  });
});
