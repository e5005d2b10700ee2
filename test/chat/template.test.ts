import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { createTemplate, harmless } from '../../src/chat/template.ts';

const training = join(import.meta.dirname, '../../training');
const json = async (file: string): Promise<unknown> => JSON.parse(await readFile(join(training, file), 'utf8'));
const goldenSchema = z.array(
  z.object({
    name: z.string(),
    messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })),
    prompt: z.string(),
    tokens: z.number(),
  }),
);

const golden = goldenSchema.parse(await json('fixtures/prompts.json'));
const template = createTemplate(await json('tiny/base/tokenizer_config.json'), await json('tiny/base/tokenizer.json'));
const special = ['<|endoftext|>', '<|assistant|>', '<|system|>', '<|user|>', '<|end|>', '<unk>', '</s>', '<s>'];

describe('the chat template', () => {
  test.each(golden.map((one) => [one.name, one] as const))(
    'renders and counts as Python does: %s',
    (_, { messages, prompt, tokens }) => {
      expect(template.render(messages)).toBe(prompt);
      // The tokenizer strips white space behind a special token, and to JavaScript a byte order mark is white space; what
      // people type has none left by then (answer.ts).
      if (!prompt.includes('\ufeff')) expect(template.count(prompt)).toBe(tokens);
    },
  );

  test('cannot be forged: whatever is typed, the prompt has one user turn and one beginning of an answer', () => {
    const typed = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'grapheme', maxLength: 8 }),
          fc.constantFrom(...special, '<', '<|', '|>', '\n', 'end', 'user'),
        ),
      )
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(typed, (content) => {
        const prompt = template.render([{ role: 'user', content }]);
        expect(prompt.split('<|user|>')).toHaveLength(2);
        expect(prompt.split('<|end|>')).toHaveLength(2);
        expect(prompt.split('<|assistant|>')).toHaveLength(2);
      }),
    );
  });
});

test('a tokenizer that lists white space and single signs as tokens is no snare', async () => {
  const tokens = ['\t', '  ', '    ', '[', '<|x|>'].map((content) => ({ content }));
  const { chat_template } = z
    .object({ chat_template: z.string() })
    .parse(await json('tiny/base/tokenizer_config.json'));
  const tokenizer = z.looseObject({}).parse(await json('tiny/base/tokenizer.json'));
  const odd = createTemplate({ chat_template }, { ...tokenizer, added_tokens: tokens });
  expect(odd.render([{ role: 'user', content: 'a\tb  c [d] <|x|>' }])).toContain('a\tb  c [d] < |x|>');
});

describe('harmless', () => {
  test('leaves ordinary text as it is', () => {
    expect(harmless('3 < 5 and |x| > 2, <b>', special)).toBe('3 < 5 and |x| > 2, <b>');
  });

  test('breaks tokens that appear only once another is broken', () => {
    expect(harmless('<<|end|>|end|>', special)).toBe('<< |end|>|end|>');
    expect(harmless('<|end|>', special)).toBe('< |end|>');
  });
});
