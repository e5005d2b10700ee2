import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cutShort, escapeMrkdwn, fallback, markdownParts, readable } from '../../../src/bots/slack/format.ts';

const decoded = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>');
const noNames = new Map<string, string>();

describe('an answer in parts', () => {
  // No backticks and tildes: a fence that runs over a cut is closed and reopened, which test/chat/split.test.ts holds.
  const words = fc.array(fc.constantFrom('the ', '<', '>', '&', '😀', '\n\n', 'force. ', 'x'.repeat(700)), {
    minLength: 1,
    maxLength: 400,
  });

  test('is whole, within the limit and without a sign that Slack reads as a token', () => {
    fc.assert(
      fc.property(words, (list) => {
        const text = `begin${list.join('')}end`;
        const parts = markdownParts(text);
        expect(parts.map(decoded).join('')).toBe(text);
        expect(parts.every((part) => part.length <= 12_000 && !/[<>]/.test(part) && part.isWellFormed())).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('is one part as long as it fits, escapes included', () => {
    expect(markdownParts('a'.repeat(12_000))).toHaveLength(1);
    expect(markdownParts('<'.repeat(3000))).toHaveLength(1);
    expect(markdownParts('<'.repeat(3001))).toHaveLength(2);
  });

  test('keeps code in a fence across a cut', () => {
    const parts = markdownParts(`\`\`\`ts\n${'const a = b < c;\n'.repeat(1200)}\`\`\``);
    expect(parts.length).toBeGreaterThan(1);
    for (const part of parts) {
      expect(part.startsWith('```ts\n')).toBe(true);
      expect(part.trimEnd().endsWith('```')).toBe(true);
    }
  });
});

test('a notification shows no more than Slack wants and nothing half', () => {
  const text = fallback(markdownParts(`${'a'.repeat(3996)}<&😀${'b'.repeat(100)}`)[0] ?? '');
  expect(text).toBe(`${'a'.repeat(3996)}…`);
  expect(fallback('1 &lt; 2 & 3')).toBe('1 &lt; 2 &amp; 3');
});

test('a text cut short never ends in half a pair', () => {
  expect(cutShort('ab😀', 4)).toBe('ab😀');
  expect(cutShort('abc😀', 4)).toBe('abc…');
  expect(cutShort('ab😀c', 4)).toBe('ab…');
});

test.each([
  ['<@U0YODA0001> hello', 'hello'],
  ['<@U0YODA0001>: hello', 'hello'],
  ['Well <@U0YODA0001>, hello', 'Well hello'],
  ['hello <@U0YODA0001|yoda>', 'hello'],
  ['<@U0LUKE0001> and <@U0OTHER001|han>', '@Luke and @han'],
  ['<@U0NOBODY01>', '@U0NOBODY01'],
  ['<#C0COUNCIL1|jedi-council> <#C0COUNCIL1> <#C0COUNCIL1|>', '#jedi-council #C0COUNCIL1 #C0COUNCIL1'],
  ['<!here> <!subteam^S0OPS|@ops> <!date^1392734382^{date}|Feb 18>', '@here @ops Feb 18'],
  [
    '<https://a.example/x?y=1&amp;z=2> <https://a.example|a page> <mailto:a@b.example|a@b.example>',
    'https://a.example/x?y=1&z=2 a page a@b.example',
  ],
  ['1 &lt; 2 &amp;&amp; 3 &gt; 2 &amp;lt;', '1 < 2 && 3 > 2 &lt;'],
  ['if x:\n    indent  kept', 'if x:\n    indent  kept'],
])('%j reads %j', (slack, typed) => {
  expect(readable(slack, 'U0YODA0001', new Map([['U0LUKE0001', 'Luke']]))).toBe(typed);
});

test('whatever a person types comes back, through the escapes that Slack asks for', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (typed) => {
      expect(readable(escapeMrkdwn(typed), 'U0YODA0001', noNames)).toBe(typed.trim());
    }),
  );
});
