import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cut, split } from '../../src/chat/split.ts';

const limits = fc.integer({ min: 60, max: 400 });
const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom('```\n', '```ts\n', '~~~\n', '\n\n', '\n', '. ', '   ', '😀'.repeat(50), 'x'.repeat(300)),
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(''));

describe('split', () => {
  test('loses nothing and keeps every piece within the limit, whatever the text', () => {
    fc.assert(
      fc.property(texts, limits, (text, limit) => {
        const pieces = cut(text, limit);
        expect(pieces.map((piece) => piece.body).join('')).toBe(text);
        for (const piece of split(text, limit)) expect(piece.length).toBeLessThanOrEqual(limit);
      }),
    );
  });

  test('never cuts a surrogate pair in two', () => {
    fc.assert(
      fc.property(texts, limits, (text, limit) => {
        fc.pre(text.isWellFormed());
        for (const piece of split(text, limit)) expect(piece.isWellFormed()).toBe(true);
      }),
    );
  });

  test('gives every piece balanced fences', () => {
    fc.assert(
      fc.property(texts, limits, (text, limit) => {
        for (const piece of split(text, limit)) expect(endsInCode(piece)).toBe(false);
      }),
    );
  });

  test('closes a fence at the cut and reopens it with its language', () => {
    const code = Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n');
    const pieces = split(`Look:\n\`\`\`ts\n${code}\n\`\`\`\nDone.`, 100);
    expect(pieces.length).toBeGreaterThan(1);
    expect(pieces[0]).toMatch(/\n```$/);
    expect(pieces[1]).toMatch(/^```ts\n/);
  });

  test('cuts at a paragraph, a line, a sentence or a word, in that order', () => {
    expect(split(`${'a'.repeat(50)}\n\n${'b'.repeat(50)}`, 70)[0]).toBe(`${'a'.repeat(50)}\n\n`);
    expect(split(`${'a'.repeat(50)} ${'b'.repeat(50)}`, 70)[0]).toBe(`${'a'.repeat(50)} `);
  });

  test('refuses a limit that leaves no room', () => {
    expect(() => split('x', 10)).toThrow(RangeError);
  });
});

/** A reader of its own, so that the splitter's idea of a fence is not checked by itself. */
function endsInCode(text: string): boolean {
  let marker = '';
  for (const line of text.split('\n')) {
    const fence = /^ {0,3}(`{3,10}|~{3,10})(?![`~])([^`]*)$/.exec(line);
    if (fence === null) continue;
    const [, found = '', info = ''] = fence;
    if (marker === '') marker = found;
    else if (info.trim() === '' && found.startsWith(marker)) marker = '';
  }
  return marker !== '';
}
