import { bearer } from './provider.ts';
import type { Provider } from './provider.ts';

/**
 * Sber's GigaChat for persons (https://developers.sber.ru/docs/ru/gigachat/api/reference/rest). The
 * secret is the authorization key: it buys tokens for half an hour, at most ten a second, and only
 * they are good for calls. Its certificates are of a Russian root: NODE_EXTRA_CA_CERTS names the
 * file with it.
 */
export const gigachat: Provider = {
  id: 'gigachat',
  baseUrl: 'https://gigachat.devices.sberbank.ru/api/v1',
  authorize: bearer,
  priceKey: (model) => ({ provider: 'gigachat', model }),
  callerHeader: 'x-gigachat-api-key',
  accessToken: {
    request: (secret, id) => ({
      url: 'https://ngw.devices.sberbank.ru:9443/api/v2/oauth',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${secret}`,
        'content-type': 'application/x-www-form-urlencoded',
        rquid: id,
      },
      body: 'scope=GIGACHAT_API_PERS',
    }),
    read(answer) {
      const { access_token: token, expires_at: expiresAtMs } = (answer ?? {}) as {
        access_token?: unknown;
        expires_at?: unknown;
      };
      if (typeof token !== 'string' || token === '') {
        throw new TypeError('the token answer has no access_token');
      }
      if (typeof expiresAtMs !== 'number') {
        throw new TypeError('the token answer has no expires_at');
      }
      return { token, expiresAtMs };
    },
  },
};
