import { existsSync } from 'node:fs';
import { afterAll, beforeAll } from '@jest/globals';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContextOptions, Page, WebSocket } from 'playwright-core';

/** Debian's: what others are installed with would have to be downloaded. */
const CHROMIUM = '/usr/bin/chromium';

/** What a page does while it is open. */
export interface Seen {
  /** Addresses of other origins that it wanted; it was given none. */
  strays: string[];
  /** Errors and warnings of its console, broken policies among them, and errors that nobody caught. */
  complaints: string[];
  /** Paths of ours that it asked for. */
  paths: string[];
  /** Web sockets that are open. */
  sockets: Set<WebSocket>;
}

export type Visit = (
  origin: string,
  options: BrowserContextOptions,
  run: (page: Page, seen: Seen) => Promise<void>,
) => Promise<Seen>;

/** One browser for the tests of a file, without a network; each visit is somebody new. */
export function browserOfFile(): Visit {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (!existsSync(CHROMIUM)) {
      throw new Error(`There is no ${CHROMIUM}: install \`chromium\`, as Debian calls it.`);
    }
    browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ['--no-sandbox', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    });
  });
  afterAll(() => browser?.close());

  return async (origin, options, run) => {
    if (browser === undefined) throw new Error('The browser is started before the first test.');
    const context = await browser.newContext(options);
    try {
      const page = await context.newPage();
      const seen = await watch(page, origin);
      await run(page, seen);
      return seen;
    } finally {
      await context.close();
    }
  };
}

async function watch(page: Page, origin: string): Promise<Seen> {
  const seen: Seen = { strays: [], complaints: [], paths: [], sockets: new Set() };
  await page.context().route(
    () => true,
    (route) => {
      const url = new URL(route.request().url());
      if (url.origin === origin) {
        seen.paths.push(url.pathname);
        return route.continue();
      }
      seen.strays.push(url.href);
      return route.abort();
    },
  );
  page.on('websocket', (socket) => {
    const url = new URL(socket.url());
    if (url.origin !== origin.replace('http', 'ws')) seen.strays.push(url.href);
    seen.sockets.add(socket);
    socket.on('close', () => seen.sockets.delete(socket));
  });
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
  });
  page.on('pageerror', (error) => seen.complaints.push(error.message));
  return seen;
}
