/** The process of the `naive` target: a gateway of a dozen lines on the packages one would reach for. */
import proxy from '@fastify/http-proxy';
import Fastify from 'fastify';

const app = Fastify();
await app.register(proxy, {
  upstream: process.env['UPSTREAM'] ?? '',
  prefix: '/',
  // The default of 128 would make the 129th open stream wait until another one ends.
  undici: { connections: 4096, pipelining: 1 },
});
const origin = await app.listen({ host: '127.0.0.1', port: 0, backlog: 4096 });
console.log(`listening ${new URL(origin).port}`);
