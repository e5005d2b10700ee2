import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Playground, startPlayground } from '../../../emulators/playground/server.ts';
import { startChromium } from './chromium.ts';
import { createMemoryScene, idsOf, type MemoryScene } from './memory-scene.ts';

let browser: Browser;
let playground: Playground;
let page: Page;
const slack = createMemoryScene({ name: 'Slack' });
const discord = createMemoryScene({ name: 'Discord' });

beforeAll(async () => {
  browser = await startChromium();
  playground = await startPlayground({
    port: 0,
    scenes: [slack, discord],
    about: [{ system: 'Redis', state: 'real' }],
  });
  page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  page.setDefaultTimeout(4000);
  await page.goto(playground.url);
  await page.locator('.discord .start').waitFor();
});
afterAll(async () => {
  await browser?.close();
  await playground?.[Symbol.asyncDispose]();
});

/** Posts a text and returns what the page makes of it, as HTML. */
async function drawn(scene: MemoryScene, text: string, format: 'mrkdwn' | 'markdown'): Promise<string> {
  const { id } = scene.post({ channel: idsOf(scene.name).general, text, format });
  const html = await page.locator(`.${scene.name.toLowerCase()} [data-message="${id}"] .text`).innerHTML();
  return html.replaceAll(/ (title|target|rel|tabindex)="[^"]*"/g, '');
}

describe('what is drawn from a text', { timeout: 15_000 }, () => {
  test.each([
    ['*bold* and _slanted_ and ~gone~', '<p><strong>bold</strong> and <em>slanted</em> and <s>gone</s></p>'],
    ['2*3*4, snake_case_name and a * b * c', '<p>2*3*4, snake_case_name and a * b * c</p>'],
    ['**not bold here**', '<p>**not bold here**</p>'],
    ['`a *b* &lt;c&gt;`', '<p><code>a *b* &lt;c&gt;</code></p>'],
    ['```\n*x*\n  y\n```', '<pre><code>*x*\n  y</code></pre>'],
    ['&gt; wise\n&gt; words\nplain', '<blockquote><p>wise<br>words</p></blockquote><p>plain</p>'],
    ['• one\n• two', '<ul><li>one</li><li>two</li></ul>'],
    ['<https://example.com/a?b=1&amp;c=2|a link>', '<p><a href="https://example.com/a?b=1&amp;c=2">a link</a></p>'],
    ['<https://example.com>', '<p><a href="https://example.com/">https://example.com</a></p>'],
    [
      '<@U0LUKE0002> in <#C0COUNCIL2>',
      '<p><span class="mention">@Luke</span> in <span class="mention">#jedi-council</span></p>',
    ],
    ['<!channel> listen', '<p><span class="mention">@channel</span> listen</p>'],
    ['&lt;@U0LUKE0002&gt; &amp;lt;', '<p>&lt;@U0LUKE0002&gt; &amp;lt;</p>'],
    ['done :white_check_mark: :no_such_sign:', '<p>done ✅ :no_such_sign:</p>'],
  ])('mrkdwn: %s', async (text, html) => {
    expect(await drawn(slack, text, 'mrkdwn')).toBe(html);
  });

  test.each([
    [
      '**bold** and *slanted* and _slanted_ and ~~gone~~',
      '<p><strong>bold</strong> and <em>slanted</em> and <em>slanted</em> and <s>gone</s></p>',
    ],
    ['**bold with *both* inside**', '<p><strong>bold with <em>both</em> inside</strong></p>'],
    ['5 * 3 * 2 and snake_case_name and \\*plain\\*', '<p>5 * 3 * 2 and snake_case_name and *plain*</p>'],
    ['# Title\nwords\n-# small', '<p class="heading">Title</p><p>words</p><p class="small">small</p>'],
    [
      '- one\n  - deeper\n\n3. three\n4. four',
      '<ul><li>one</li><li class="deep">deeper</li></ul><ol start="3"><li>three</li><li>four</li></ol>',
    ],
    ['> wise', '<blockquote><p>wise</p></blockquote>'],
    ['before\n```json\n{"a": "**b**"}\n```\nafter', '<p>before</p><pre><code>{"a": "**b**"}</code></pre><p>after</p>'],
    ['````\n```\ninner\n```\n````', '<pre><code>```\ninner\n```</code></pre>'],
    ['[a link](https://example.com/x)', '<p><a href="https://example.com/x">a link</a></p>'],
    [
      'see https://example.com/x, please',
      '<p>see <a href="https://example.com/x">https://example.com/x</a>, please</p>',
    ],
    ['<@1100000000000000002> & &lt;', '<p><span class="mention">@Luke</span> &amp; &amp;lt;</p>'],
    ['hey @luke and a@luke and @vader', '<p>hey <span class="mention">@luke</span> and a@luke and @vader</p>'],
    ['one\n\ntwo\nthree', '<p>one</p><p>two<br>three</p>'],
  ])('Markdown: %s', async (text, html) => {
    expect(await drawn(discord, text, 'markdown')).toBe(html);
  });

  test('Markdown on Slack keeps its escapes until it is drawn', async () => {
    expect(await drawn(slack, '**a** &lt;b&gt; &lt;@U0LUKE0002&gt;', 'markdown')).toBe(
      '<p><strong>a</strong> &lt;b&gt; &lt;@U0LUKE0002&gt;</p>',
    );
  });

  test('nothing that people write or are called becomes part of the page', async () => {
    const pwn = 'window.pwned=1';
    const attempts = [
      `<script>${pwn}</script>`,
      `<img src=x onerror="${pwn}">`,
      `**<img src=x onerror="${pwn}">**`,
      `&lt;img src=x onerror="${pwn}"&gt;`,
      `\`<svg onload="${pwn}">\``,
      `\`\`\`\n</code></pre><script>${pwn}</script>\n\`\`\``,
      `[x](javascript:${pwn})`,
      `<javascript:${pwn}|x>`,
      `<https://example.com" onmouseover="${pwn}|x>`,
      `[x](https://example.com"onmouseover="${pwn})`,
      `<data:text/html,<script>${pwn}</script>|x>`,
      `[<img src=x onerror=${pwn}>](https://example.com)`,
    ];
    for (const scene of [slack, discord])
      for (const format of ['mrkdwn', 'markdown'] as const)
        for (const text of attempts)
          scene.post({
            channel: idsOf(scene.name).general,
            text,
            format,
            author: { id: 'X', name: `<img src=x onerror="${pwn}">`, bot: false },
            buttons: [{ id: 'b', label: `<img src=x onerror="${pwn}">`, style: 'plain' }],
            reactions: [`<img src=x onerror="${pwn}">`],
          });
    const last = slack.post({ channel: idsOf('Slack').general, text: 'the last' });
    await page.locator(`[data-message="${last.id}"]`).waitFor();
    expect(await page.evaluate('window.pwned')).toBeUndefined();
    expect(await page.locator('.log :is(script, img, svg, iframe, style)').count()).toBe(0);
    const links: string[] = await page
      .locator('.log a')
      .evaluateAll((found) => found.map((link) => link.getAttribute('href') ?? ''));
    expect(links.filter((href) => !/^https?:/.test(href))).toEqual([]);
    const handlers =
      '[...document.querySelectorAll(".log *")].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith("on"))';
    expect(await page.evaluate(handlers)).toEqual([]);
  });

  test.each(['*a ', '**', '***a', '**a*', '__', '@a', '~~a', '`', '_x', '[a](', '<https://', '>', ':x', '```'])(
    'the longest message made of %j alone is drawn without a pause',
    async (piece) => {
      for (const format of ['mrkdwn', 'markdown']) {
        const script = `(async () => {
          const { draw } = await import('/markup.js');
          const text = ${JSON.stringify(piece)}.repeat(40000 / ${piece.length});
          const start = performance.now();
          draw(text, '${format}', { person: () => 'x', channel: () => 'x', has: () => false });
          return performance.now() - start;
        })()`;
        expect(await page.evaluate(script)).toBeLessThan(2000);
      }
    },
  );

  test('every text keeps a contrast of 4.5 to 1 with its ground (WCAG AA)', async () => {
    for (const scene of [slack, discord]) {
      const { general, leia, luke } = idsOf(scene.name);
      const bold = scene.name === 'Slack' ? '*b*' : '**b**';
      const buttons = (['plain', 'primary', 'danger'] as const).map((style) => ({ id: style, label: style, style }));
      const text = `${bold} \`code\` https://example.com <@${luke}>\n\`\`\`\nblock\n\`\`\`\n> quote`;
      const first = scene.post({
        channel: general,
        text,
        buttons,
        reactions: ['eyes'],
        format: idsOf(scene.name).format,
      });
      scene.post({ channel: general, text, repliesTo: first.id, edited: true }, leia);
      scene.post({ channel: general, text, author: { id: luke, name: 'Luke', bot: false }, thread: first.id });
      scene.sign({ channel: general, text: 'Yoda is thinking…' });
      const box = page.locator(`.${scene.name.toLowerCase()} textarea`);
      await box.fill('/sing');
      await box.press('Enter');
      await page.locator(`.${scene.name.toLowerCase()} .trouble:not(:empty)`).waitFor();
      await box.fill('/yo');
    }
    expect(await page.evaluate(contrastFaults)).toEqual([]);
  });

  test('every control has a name that can be read aloud', async () => {
    const nameless =
      '[...document.querySelectorAll("button, textarea, input, a")].filter((e) => !(e.ariaLabel || e.innerText || e.labels?.[0]?.innerText || "").trim()).map((e) => e.outerHTML)';
    expect(await page.evaluate(nameless)).toEqual([]);
  });
});

/** Text whose contrast with the nearest painted ground is below 4.5, by WCAG 2.2's formula; hidden and disabled text is left out. */
const contrastFaults = `(() => {
  const canvas = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (node) => {
    for (let at = node; at !== null; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faults = new Set();
  let checked = 0;
  while (texts.nextNode()) {
    const node = texts.currentNode.parentElement;
    const sight = { opacityProperty: true, visibilityProperty: true };
    if (texts.currentNode.data.trim() === '' || !node.checkVisibility(sight) || node.closest(':disabled, template, .unseen')) continue;
    checked += 1;
    const [a, b] = [luminance(rgba(getComputedStyle(node).color)), luminance(ground(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faults.add(ratio.toFixed(2) + ' ' + node.closest('.slack, .discord')?.className + ' ' + node.tagName + '.' + node.className + ' ' + texts.currentNode.data.slice(0, 30));
  }
  return checked < 60 ? ['only ' + checked + ' texts were looked at'] : [...faults];
})()`;
