import { Template } from '@huggingface/jinja';
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';

/** One turn of a conversation, as the chat template takes it. */
export interface Turn {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** How one model wants to be asked: its own chat template and its own way of counting. */
export interface PromptTemplate {
  /** The prompt for these turns, ending where the model's answer begins. Special tokens in contents are made harmless. */
  render(turns: readonly Turn[]): string;
  /** How many tokens the model reads for this prompt. */
  count(prompt: string): number;
}

const tokenText = z.union([z.string(), z.object({ content: z.string() }).transform((token) => token.content)]);
const tokenizerConfigSchema = z.object({
  chat_template: z.string(),
  bos_token: tokenText.nullish(),
  eos_token: tokenText.nullish(),
  added_tokens_decoder: z.record(z.string(), z.object({ content: z.string() })).optional(),
});
const tokenizerSchema = z.looseObject({ added_tokens: z.array(z.object({ content: z.string() })).default([]) });

/**
 * Reads a model's `tokenizer_config.json` and `tokenizer.json` (parsed). Throws a ZodError when the model has no chat
 * template. `training/fixtures/prompts.json` holds what Python renders; a test compares both byte for byte.
 */
export function createTemplate(tokenizerConfig: unknown, tokenizerJson: unknown): PromptTemplate {
  const config = tokenizerConfigSchema.parse(tokenizerConfig);
  const tokenizer = new Tokenizer(Object(tokenizerJson), Object(tokenizerConfig));
  const template = new Template(config.chat_template);
  const added = [
    ...Object.values(config.added_tokens_decoder ?? {}),
    ...tokenizerSchema.parse(tokenizerJson).added_tokens,
  ].map((token) => token.content);
  const specialTokens = [...new Set(added)].filter(canBeBroken).sort((a, b) => b.length - a.length);
  return {
    render: (turns) =>
      template.render({
        messages: turns.map((turn) => ({ ...turn, content: harmless(turn.content, specialTokens) })),
        bos_token: config.bos_token ?? '',
        eos_token: config.eos_token ?? '',
        add_generation_prompt: true,
      }),
    count: (prompt) => tokenizer.encode(prompt, { add_special_tokens: false }).ids.length,
  };
}

/** A tab or a run of spaces, which some tokenizers list as tokens, stands in its own broken form; no turn begins with it. */
function canBeBroken(token: string): boolean {
  return !broken(token).includes(token);
}

function broken(token: string): string {
  const first = String.fromCodePoint(token.codePointAt(0) ?? 0);
  return `${first} ${token.slice(first.length)}`;
}

/**
 * The text with every special token broken up, so that what people type cannot forge a turn: a space is put after the
 * token's first character, until none is left. The same rule stands in training/yoda/chat.py and handler/handler.py.
 * `specialTokens` come longest first; each can be broken.
 */
export function harmless(text: string, specialTokens: readonly string[]): string {
  let safe = text;
  for (let found = true; found; ) {
    found = false;
    for (const token of specialTokens) {
      if (!safe.includes(token)) continue;
      safe = safe.replaceAll(token, broken(token));
      found = true;
    }
  }
  return safe;
}
