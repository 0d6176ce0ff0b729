import type { Locator, Page } from 'playwright-core';

/** The playground as somebody uses it. */
export class PlaygroundPage {
  readonly #page: Page;

  constructor(page: Page) {
    this.#page = page;
  }

  async open(origin: string): Promise<void> {
    await this.#page.goto(`${origin}/playground`);
    await this.#ready();
  }

  async reload(): Promise<void> {
    await this.#page.reload();
    await this.#ready();
  }

  /** The button does nothing before the editors are there. */
  async #ready(): Promise<void> {
    for (const name of ['query-editor', 'editor-tool', 'response']) {
      await this.#page.locator(`.graphiql-${name} .view-lines`).last().waitFor();
    }
  }

  openDocs(): Promise<void> {
    return this.#page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  }

  /** Once the pane of the documentation, which must be open, shows the roots of the schema. */
  async schemaLoaded(): Promise<void> {
    await this.#page.getByText('Root Types').waitFor();
    await this.#page.locator('.notice').waitFor({ state: 'detached' });
  }

  /** The bar that says why there is no schema. */
  notice(text: string): Locator {
    return this.#page.locator('.notice', { hasText: text });
  }

  /** From the clipboard, over whatever is there. */
  async pasteHeaders(text: string): Promise<void> {
    await this.#page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await this.#page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
    await this.#page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden)').click();
    await this.#page.keyboard.press('Control+A');
    await this.#page.keyboard.press('Control+V');
  }

  tab(name: string): Locator {
    return this.#page.getByRole('tab', { name });
  }

  tabCount(): Promise<number> {
    return this.#page.getByRole('tab').count();
  }

  run(): Promise<void> {
    return this.#page.getByRole('button', { name: /^Execute query/ }).click();
  }

  stop(): Promise<void> {
    return this.#page.getByRole('button', { name: /^Stop query/ }).click();
  }

  /** What is answered, once it holds this text. */
  answer(text: string): Locator {
    return this.#page.locator('.graphiql-response .view-lines', { hasText: text });
  }

  /** What the browser keeps, by where it keeps it. */
  async kept(): Promise<{ local: string; session: string; cookies: string }> {
    const [local = '', session = '', cookies = ''] = await this.#page.evaluate<string[]>(
      '[JSON.stringify({ ...localStorage }), JSON.stringify({ ...sessionStorage }), document.cookie]',
    );
    return { local, session, cookies };
  }

  /** The brightest of red, green and blue behind everything, 0 to 255. */
  brightness(): Promise<number> {
    return this.#page.evaluate<number>(
      'Math.max(...getComputedStyle(document.querySelector(".graphiql-container")).backgroundColor.match(/\\d+/g))',
    );
  }
}
