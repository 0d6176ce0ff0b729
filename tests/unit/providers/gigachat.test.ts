import { describe, expect, test } from '@jest/globals';
import { gigachat } from '../../../src/providers/gigachat.ts';

const source = gigachat.accessToken!;

test('an authorization key is sent for a token as Sber documents it', () => {
  expect(source.request('a2V5', '6f0b1291-c7f3-43c6-bb2e-9f3efb2dc98e')).toEqual({
    url: 'https://ngw.devices.sberbank.ru:9443/api/v2/oauth',
    headers: {
      accept: 'application/json',
      authorization: 'Basic a2V5',
      'content-type': 'application/x-www-form-urlencoded',
      rquid: '6f0b1291-c7f3-43c6-bb2e-9f3efb2dc98e',
    },
    body: 'scope=GIGACHAT_API_PERS',
  });
});

describe('the answer', () => {
  test('tells the token and when it expires, in milliseconds', () => {
    const answer = { access_token: 'eyJ.token', expires_at: 1_706_026_848_841 };
    expect(source.read(answer)).toEqual({ token: 'eyJ.token', expiresAtMs: 1_706_026_848_841 });
  });

  test.each([
    ['no token', { expires_at: 1 }, 'access_token'],
    ['an empty token', { access_token: '', expires_at: 1 }, 'access_token'],
    ['a token that is no text', { access_token: 7, expires_at: 1 }, 'access_token'],
    ['no expiry', { access_token: 't' }, 'expires_at'],
    ['an expiry that is text', { access_token: 't', expires_at: '1706026848841' }, 'expires_at'],
    ['nothing', null, 'access_token'],
    ['a list', [], 'access_token'],
  ])('%s is refused', (_name, answer, field) => {
    expect(() => source.read(answer)).toThrow(field);
  });
});
