import { expect, test } from '@jest/globals';
import { ConfigError, loadConfig } from '../../../src/config/load.ts';
import { aFile } from './fixture.ts';

function mistakesOf(environment: Record<string, string>): readonly string[] {
  try {
    loadConfig({ environment });
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

const TLS = { GRPC_TLS_CERT: 'cert.pem', GRPC_TLS_KEY: 'key.pem' };

test('it listens on loopback, in the clear, and tells nobody its contract', () => {
  const config = loadConfig({ environment: {} });
  expect(config).toMatchObject({
    grpcHost: '127.0.0.1',
    grpcPort: 50_051,
    grpcReflection: false,
  });
  expect(config.grpcTlsCert).toBeUndefined();
});

test('the port is off by name, in the environment and in the file', () => {
  expect(loadConfig({ environment: { GRPC_PORT: 'off' } }).grpcPort).toBe('off');
  const inFile = aFile('server: { grpc_port: off, grpc_host: "::1", grpc_reflection: true }\n');
  expect(loadConfig({ environment: inFile })).toMatchObject({
    grpcPort: 'off',
    grpcHost: '::1',
    grpcReflection: true,
  });
  expect(loadConfig({ environment: { GRPC_PORT: '0' } }).grpcPort).toBe(0);
});

test.each(['none', '-1', '65536', '1.5'])('%s is no port', (GRPC_PORT) => {
  expect(mistakesOf({ GRPC_PORT })).toEqual([
    'GRPC_PORT: must be off, or a whole number from 0 to 65535',
  ]);
});

test.each(['0.0.0.0', '10.0.0.1', '::', 'gateway.example.com'])(
  'on %s it would send tokens in the clear, and is refused without a certificate',
  (GRPC_HOST) => {
    expect(mistakesOf({ GRPC_HOST })).toEqual([
      expect.stringMatching(/^GRPC_HOST: .*GRPC_TLS_CERT/),
    ]);
    expect(mistakesOf({ GRPC_HOST, ...TLS })).toEqual([]);
    expect(mistakesOf({ GRPC_HOST, GRPC_PORT: 'off' })).toEqual([]);
  },
);

test.each(['127.0.0.1', '::1', 'localhost'])('on %s it needs none', (GRPC_HOST) => {
  expect(mistakesOf({ GRPC_HOST })).toEqual([]);
});

test('half of TLS is told, together with everything else that is wrong', () => {
  const { GRPC_TLS_CERT } = TLS;
  const pair = expect.stringContaining('GRPC_TLS_CERT, GRPC_TLS_KEY: ');
  expect(mistakesOf({ GRPC_TLS_CERT })).toEqual([pair]);
  expect(mistakesOf({ GRPC_TLS_KEY: 'key.pem' })).toEqual([pair]);
  expect(mistakesOf({ GRPC_TLS_CLIENT_CA: 'ca.pem', PORT: 'x' })).toEqual([
    expect.stringMatching(/^PORT: /),
    'GRPC_TLS_CLIENT_CA: needs GRPC_TLS_CERT and GRPC_TLS_KEY',
  ]);
});
