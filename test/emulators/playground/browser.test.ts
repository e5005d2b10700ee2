import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startPlayground } from '../../../emulators/playground/server.ts';
import { startChromium } from './chromium.ts';
import { createMemoryScene, idsOf } from './memory-scene.ts';

let browser: Browser;
let page: Page;
beforeAll(async () => {
  browser = await startChromium();
  page = await browser.newPage();
  page.setDefaultTimeout(4000);
});
afterAll(() => browser?.close());

const slackIds = idsOf('Slack');
const discordIds = idsOf('Discord');

/** The playground with two scenes and one open page that notes what goes wrong in it and where it asks. */
async function open(options: { hash?: string; width?: number; height?: number; think?: () => Promise<void> } = {}) {
  const { hash = '', width = 1440, height = 900, think = async () => {} } = options;
  const slack = createMemoryScene({ name: 'Slack', think });
  const discord = createMemoryScene({ name: 'Discord', think });
  const about = [{ system: 'Redis', state: 'real' }];
  const playground = await startPlayground({ port: 0, scenes: [slack, discord], about });
  await page.setViewportSize({ width, height });
  const faults: string[] = [];
  const asked: string[] = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${playground.url}/${hash}`);
  await page.locator('.discord .start').waitFor();
  await page.locator('.slack .start').waitFor();
  return {
    page,
    url: playground.url,
    slack: { scene: slack, ...pane(page, '.slack') },
    discord: { scene: discord, ...pane(page, '.discord') },
    faults,
    asked,
    playground,
    [Symbol.asyncDispose]: async () => {
      page.removeAllListeners('pageerror');
      page.removeAllListeners('request');
      await playground[Symbol.asyncDispose]();
    },
  };
}

function pane(page: Page, selector: string) {
  const root = page.locator(selector);
  return {
    root,
    log: root.getByRole('log'),
    messages: root.getByRole('article'),
    box: root.getByRole('textbox'),
    trouble: root.getByRole('alert'),
    options: root.getByRole('option'),
  };
}

const patient = { timeout: 5000, interval: 20 };
const count = (locator: Locator, wanted: number) => expect.poll(() => locator.count(), patient).toBe(wanted);
const words = (locator: Locator) => expect.poll(() => locator.innerText(), patient);

describe('the playground in a browser', { timeout: 15_000 }, () => {
  test('an example is said with one click, and the sign of work and the answer follow in the thread', async () => {
    const thought = Promise.withResolvers<void>();
    await using at = await open({ think: () => thought.promise });
    await at.slack.root.getByRole('button', { name: 'The cat sleeps under the table.' }).click();
    await words(at.slack.root.locator('.thread-sign')).toBe('Yoda is thinking…');
    thought.resolve();
    await count(at.slack.messages, 2);
    await words(at.slack.messages.nth(0)).toContain('@Yoda The cat sleeps under the table.');
    await words(at.slack.messages.nth(1)).toContain('Heard I have: The cat sleeps under the table.');
    expect(await at.slack.messages.nth(1).getAttribute('class')).toContain('in-thread');
    expect(at.slack.scene.done).toEqual([
      {
        person: slackIds.leia,
        action: {
          kind: 'say',
          channel: slackIds.general,
          text: `<@${slackIds.yoda}> The cat sleeps under the table.`,
        },
      },
    ]);
    expect(await at.slack.root.locator('.examples').isVisible()).toBe(false);
    expect(await at.discord.root.locator('.examples').isVisible()).toBe(true);
    expect(at.faults).toEqual([]);
  });

  test('an answer on Discord refers to its question', async () => {
    const thought = Promise.withResolvers<void>();
    await using at = await open({ think: () => thought.promise });
    await at.discord.root.getByRole('button', { name: 'The droids are hidden in my ship.' }).click();
    await words(at.discord.root.locator('.sign')).toBe('Yoda is thinking…');
    thought.resolve();
    await count(at.discord.messages, 2);
    const reference = at.discord.messages.nth(1).getByRole('button', { name: 'In reply to Leia' });
    expect(await reference.innerText()).toContain('@Yoda The droids are hidden in my ship.');
    await words(at.discord.root.locator('.sign')).toBe('');
  });

  test('what is for one person alone is seen by that person alone', async () => {
    await using at = await open();
    at.slack.scene.post({ channel: slackIds.general, text: 'for Leia alone' }, slackIds.leia);
    await words(at.slack.messages).toContain('Only you can see this');
    await at.page.getByRole('radio', { name: /Luke/ }).check({ force: true });
    await words(at.slack.root.locator('.me')).toContain('Luke');
    await words(at.discord.root.locator('.me')).toContain('Luke');
    await count(at.slack.messages, 0);
  });

  test('a reload keeps the person and the channels, and unknown ones lead to the first', async () => {
    await using at = await open();
    await at.page.getByRole('radio', { name: /Luke/ }).check({ force: true });
    await at.slack.root.getByRole('button', { name: 'jedi-council' }).click();
    await at.discord.root.getByRole('button', { name: 'Yoda', exact: true }).click();
    await words(at.discord.root.locator('.room')).toBe('Yoda');
    const { hash } = new URL(at.page.url());
    expect(hash).toBe(`#as=luke&slack=${slackIds.council}&discord=D-${discordIds.luke}`);
    await at.page.reload();
    await words(at.slack.root.locator('.room')).toBe('#jedi-council');
    await words(at.discord.root.locator('.room')).toBe('Yoda');
    await at.page.getByRole('radio', { name: /Leia/ }).check({ force: true });
    await words(at.discord.root.locator('.me')).toContain('Leia');
    await words(at.discord.root.locator('.room')).toBe('Yoda');
    await at.page.goto(`${at.url}/#as=vader&slack=nowhere`);
    await words(at.slack.root.locator('.room')).toBe('#general');
  });

  test('a click is done as the person, and a refusal stands next to the composer', async () => {
    await using at = await open({ hash: '#as=luke' });
    await at.discord.box.fill('/yoda-ops traffic share:50');
    await at.discord.box.press('Enter');
    await at.discord.root.getByRole('button', { name: 'Approve' }).click();
    await words(at.discord.trouble).toBe('Only an admin may approve this.');
    await at.page.getByRole('radio', { name: /Leia/ }).check({ force: true });
    await words(at.discord.root.locator('.me')).toContain('Leia');
    await at.discord.root.getByRole('button', { name: 'Approve' }).click();
    await words(at.discord.messages).toContain('Done it is, Leia approved. (edited)');
    await count(at.discord.root.locator('.buttons'), 0);
    expect(at.discord.scene.done.map(({ person, action }) => [person, action.kind])).toEqual([
      [discordIds.luke, 'command'],
      [discordIds.luke, 'click'],
      [discordIds.leia, 'click'],
    ]);
  });

  test('a refused command stays in the composer with the words of its refusal', async () => {
    await using at = await open();
    await at.slack.box.fill('/sing a song');
    await at.slack.box.press('Enter');
    await words(at.slack.trouble).toBe('/sing is not a valid command.');
    expect(await at.slack.box.inputValue()).toBe('/sing a song');
    await at.slack.box.press('End');
    await at.slack.box.pressSequentially('!');
    await words(at.slack.trouble).toBe('');
  });

  test('commands and people are offered while typing, and taken by keyboard', async () => {
    await using at = await open();
    await at.slack.box.pressSequentially('/yo');
    await count(at.slack.options, 5);
    await at.slack.box.press('ArrowDown');
    expect(await at.slack.root.locator('[aria-selected="true"]').innerText()).toContain('/yoda reset');
    await at.slack.box.press('Escape');
    await count(at.slack.options, 0);
    await at.slack.box.pressSequentially('da h');
    await at.slack.box.press('Enter');
    expect(await at.slack.box.inputValue()).toBe('/yoda help ');
    await at.slack.box.press('Enter');
    await words(at.slack.messages).toContain('Your words I turn.');
    await at.slack.box.pressSequentially('hey @y');
    await at.slack.box.press('Tab');
    await at.slack.box.pressSequentially('and @luke, hello');
    await at.slack.box.press('Shift+Enter');
    await at.slack.box.pressSequentially('there');
    await at.slack.box.press('Enter');
    await count(at.slack.messages, 3);
    expect(at.slack.scene.done.at(-1)?.action).toEqual({
      kind: 'say',
      channel: slackIds.general,
      text: `hey <@${slackIds.yoda}> and <@${slackIds.luke}>, hello\nthere`,
    });
    expect(await at.slack.box.inputValue()).toBe('');
  });

  test('the mention is put in by its button', async () => {
    await using at = await open();
    await at.discord.box.fill('Listen,');
    await at.discord.root.getByRole('button', { name: 'Mention Yoda' }).click();
    expect(await at.discord.box.inputValue()).toBe('Listen, @Yoda ');
  });

  test('on Slack one replies in the thread, where slash commands do not run; on Discord to a message', async () => {
    await using at = await open();
    const root = at.slack.scene.post({ channel: slackIds.general, text: 'the root' });
    const other = at.discord.scene.post({ channel: discordIds.general, text: 'the other' });
    await at.slack.messages.hover();
    await at.slack.root.getByRole('button', { name: 'Reply in thread to Yoda' }).click();
    await words(at.slack.root.locator('.target')).toContain('In the thread of Yoda: the root');
    await at.slack.box.fill('/yoda help');
    await at.slack.box.press('Enter');
    await words(at.slack.trouble).toBe('/yoda is not supported in threads. Sorry!');
    await at.slack.box.fill('into the thread');
    await at.slack.box.press('Enter');
    await at.discord.messages.hover();
    await at.discord.root.getByRole('button', { name: 'Reply to Yoda' }).click();
    await at.discord.box.fill('an answer');
    await at.discord.box.press('Enter');
    await count(at.discord.messages, 2);
    await words(at.slack.log).toContain('into the thread');
    expect(at.slack.scene.done.map(({ action }) => action)).toEqual([
      { kind: 'say', channel: slackIds.general, thread: root.id, text: 'into the thread' },
    ]);
    expect(at.discord.scene.done.map(({ action }) => action)).toEqual([
      { kind: 'say', channel: discordIds.general, repliesTo: other.id, text: 'an answer' },
    ]);
    expect(await at.discord.root.locator('.target').isVisible()).toBe(false);
    expect(await at.slack.root.locator('.target').isVisible()).toBe(true);
    await at.slack.root.getByRole('button', { name: 'Stop replying' }).click();
    expect(await at.slack.root.locator('.target').isVisible()).toBe(false);
  });

  test('the newest message stays in sight for who reads there, and is announced to who has scrolled up', async () => {
    await using at = await open();
    const fill = (from: number) => {
      for (let line = from; line < from + 40; line++)
        at.slack.scene.post({ channel: slackIds.general, text: `line ${line}` });
    };
    const distance = () =>
      at.slack.log.evaluate((log) => Math.round(log.scrollHeight - log.scrollTop - log.clientHeight));
    fill(0);
    await count(at.slack.messages, 40);
    await expect.poll(distance, patient).toBeLessThan(2);
    await at.slack.log.evaluate((log) => log.scrollTo(0, 0));
    await expect.poll(distance, patient).toBeGreaterThan(100);
    fill(40);
    await count(at.slack.messages, 80);
    expect(await at.slack.log.evaluate((log) => log.scrollTop)).toBe(0);
    await at.slack.root.getByRole('button', { name: /New messages/ }).click();
    await expect.poll(distance, patient).toBeLessThan(2);
  });

  test('of a very long channel the newest 400 messages are shown', async () => {
    await using at = await open();
    for (let line = 0; line < 450; line++) at.slack.scene.post({ channel: slackIds.general, text: `line ${line}` });
    await count(at.slack.messages, 400);
    await words(at.slack.messages.last()).toContain('line 449');
    await words(at.slack.root.locator('.start')).toContain('Older messages are not shown here.');
  });

  test('what has not changed keeps its place in the page, so that only news are read aloud', async () => {
    await using at = await open();
    at.slack.scene.post({ channel: slackIds.general, text: 'stays' });
    const second = at.slack.scene.post({ channel: slackIds.general, text: 'changes' });
    await count(at.slack.messages, 2);
    const stays = await at.slack.messages.nth(0).elementHandle();
    at.slack.scene.change(second.id, { text: 'has changed' });
    await words(at.slack.messages.nth(1)).toContain('has changed');
    expect(await stays?.evaluate((node) => node.isConnected)).toBe(true);
  });

  test('a channel that is not looked at says that something new stands in it', async () => {
    await using at = await open();
    at.discord.scene.post({ channel: discordIds.council, text: 'news' });
    const council = at.discord.root.getByRole('button', { name: 'jedi-council (unread)' });
    await council.click();
    await words(at.discord.messages).toContain('news');
    await count(council, 0);
  });

  test('a broken line is said so, and mends itself', async () => {
    await using at = await open();
    const port = Number(new URL(at.url).port);
    await at.playground[Symbol.asyncDispose]();
    await at.page.getByText('The line to the playground is broken').waitFor();
    await at.slack.box.fill('hello?');
    await at.slack.box.press('Enter');
    await words(at.slack.trouble).toBe('The playground does not answer. Is it still running?');
    expect(await at.slack.box.inputValue()).toBe('hello?');
    at.slack.scene.post({ channel: slackIds.general, text: 'said meanwhile' });
    await using _again = await startPlayground({ port, scenes: [at.slack.scene, at.discord.scene], about: [] });
    await words(at.slack.log).toContain('said meanwhile');
    expect(await at.page.getByText('The line to the playground is broken').isVisible()).toBe(false);
  });

  test.each([1440, 700, 360])(
    'at a width of %i nothing is cut off, and the page asks nobody but itself',
    async (width) => {
      await using at = await open({ width });
      const long = `A ${'very '.repeat(80)}long answer ${'x'.repeat(300)}\n\`\`\`\n${'code '.repeat(60)}\n\`\`\``;
      for (const { scene } of [at.slack, at.discord])
        scene.post({
          channel: idsOf(scene.name).general,
          text: long,
          buttons: [{ id: 'a', label: 'Approve', style: 'primary' }],
        });
      await count(at.page.getByRole('article'), 2);
      await at.slack.messages.hover();
      await at.slack.root.getByRole('button', { name: 'Reply in thread to Yoda' }).click();
      const wide = '[document.documentElement, ...document.querySelectorAll(".pane, .talk, .log, .foot")]';
      expect(
        await at.page.evaluate(`${wide}.filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.className)`),
      ).toEqual([]);
      const [left, right] = [await at.slack.root.boundingBox(), await at.discord.root.boundingBox()];
      expect(left?.y === right?.y).toBe(width > 900);
      expect(at.asked.filter((url) => !url.startsWith(at.url) && !url.startsWith('data:'))).toEqual([]);
      expect(at.faults).toEqual([]);
    },
  );
});

test('without a browser the tests fail with the words that mend it', async () => {
  await expect(startChromium(['/nowhere/chromium'])).rejects.toThrow(/apt-get install -y chromium/);
});
