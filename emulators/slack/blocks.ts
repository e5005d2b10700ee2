import { z } from 'zod';
import { jsonText, refusal } from './refusal.ts';
import type { Block } from './store.ts';

/**
 * Slack's limits for blocks (docs.slack.dev/reference/block-kit/blocks). The total of a message's text, about 13,200,
 * is not in the reference; it was measured by users of Slack (slackapi/bolt-js issue 2509).
 */
const mostBlocks = 50;
const mostMarkdown = 12_000;
const mostText = 13_200;

const plainText = (most: number) =>
  z.object({ type: z.literal('plain_text'), text: z.string().min(1).max(most), emoji: z.boolean().optional() });
const richText = (most: number) =>
  z.discriminatedUnion('type', [
    plainText(most),
    z.object({ type: z.literal('mrkdwn'), text: z.string().min(1).max(most), verbatim: z.boolean().optional() }),
  ]);
const id = z.string().max(255).optional();
const button = z.object({
  type: z.literal('button'),
  text: plainText(75),
  action_id: id,
  value: z.string().max(2000).optional(),
  url: z.string().max(3000).optional(),
  style: z.enum(['primary', 'danger']).optional(),
  confirm: z.unknown().optional(),
});

const blockSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('markdown'), block_id: id, text: z.string().min(1) }),
  z
    .object({
      type: z.literal('section'),
      block_id: id,
      text: richText(3000).optional(),
      fields: z.array(richText(2000)).min(1).max(10).optional(),
      accessory: z.unknown().optional(),
    })
    .refine(({ text, fields }) => text !== undefined || fields !== undefined),
  z.object({ type: z.literal('context'), block_id: id, elements: z.array(richText(3000)).min(1).max(10) }),
  z.object({ type: z.literal('header'), block_id: id, text: plainText(150) }),
  z.object({ type: z.literal('divider'), block_id: id }),
  z.object({ type: z.literal('actions'), block_id: id, elements: z.array(button).min(1).max(25) }),
]);

type KnownBlock = z.infer<typeof blockSchema>;

/** Reads the argument `blocks`, JSON text or an array; undefined when there is none. Throws Slack's refusals. */
export function readBlocks(argument: unknown): readonly Block[] | undefined {
  if (argument === undefined || argument === '') return undefined;
  const value = typeof argument === 'string' ? jsonText.safeParse(argument) : { success: true, data: argument };
  if (!value.success || !Array.isArray(value.data)) throw refusal('invalid_blocks_format');
  const list: readonly unknown[] = value.data;
  if (list.length > mostBlocks)
    throw refusal('invalid_blocks', `no more than ${mostBlocks} items allowed [json-pointer:/blocks]`);
  const blocks = list.map((block, index) => {
    const result = blockSchema.safeParse(block);
    if (result.success) return result.data;
    const path = result.error.issues[0]?.path.join('/') ?? '';
    throw refusal('invalid_blocks', `invalid block [json-pointer:/blocks/${index}${path === '' ? '' : `/${path}`}]`);
  });
  // The limit of markdown blocks is counted over all of them (docs: "cumulative limit for all markdown blocks").
  const markdown = blocks.reduce((sum, block) => sum + (block.type === 'markdown' ? block.text.length : 0), 0);
  if (markdown > mostMarkdown)
    throw refusal('invalid_blocks', `must be less than ${mostMarkdown + 1} characters [json-pointer:/blocks/0/text]`);
  if (blocks.reduce((sum, block) => sum + wordsOf(block).join('').length, 0) > mostText)
    throw refusal('msg_blocks_too_long');
  return blocks.map((block, index) => ({ ...block, block_id: block.block_id ?? `b${index}` }));
}

function wordsOf(block: KnownBlock): readonly string[] {
  switch (block.type) {
    case 'markdown':
      return [block.text];
    case 'section':
      return [block.text?.text ?? '', ...(block.fields ?? []).map(({ text }) => text)];
    case 'header':
      return [block.text.text];
    case 'context':
      return block.elements.map(({ text }) => text);
    case 'actions':
      return block.elements.map(({ text }) => text.text);
    case 'divider':
      return [];
  }
}

/** What a reader sees of a message's blocks. */
export interface Shown {
  readonly text: string;
  readonly format: 'mrkdwn' | 'markdown';
  readonly buttons: readonly z.infer<typeof button>[];
}

/** Blocks as one text, a line break between them; Markdown as soon as one block is. */
export function show(message: { readonly text: string; readonly blocks?: readonly Block[] | undefined }): Shown {
  const blocks = (message.blocks ?? []).flatMap((block) => blockSchema.safeParse(block).data ?? []);
  if (blocks.length === 0) return { text: message.text, format: 'mrkdwn', buttons: [] };
  return {
    text: blocks
      .filter(({ type }) => type !== 'actions')
      .flatMap(wordsOf)
      .join('\n'),
    format: blocks.some(({ type }) => type === 'markdown') ? 'markdown' : 'mrkdwn',
    buttons: blocks.flatMap((block) => (block.type === 'actions' ? block.elements : [])),
  };
}

/** Whom a message notifies: Slack reads `<@U…>`, `<!here>` and their kin in plain text and in markup alike. */
export function pinged(message: { readonly text: string; readonly blocks?: readonly Block[] | undefined }): string[] {
  const blocks = (message.blocks ?? []).flatMap((block) => blockSchema.safeParse(block).data ?? []);
  const words = blocks.length === 0 ? [message.text] : blocks.flatMap(wordsWithMarkup);
  return words
    .flatMap((text) => [...text.matchAll(/<(@[UW][A-Z0-9]+|!channel|!here|!everyone|!subteam\^S\w+)(?:\|[^>]*)?>/g)])
    .map(([, target = '']) => target);
}

function wordsWithMarkup(block: KnownBlock): readonly string[] {
  if (block.type === 'context')
    return block.elements.flatMap((element) => (element.type === 'mrkdwn' ? element.text : []));
  if (block.type === 'section') {
    const fields = [...(block.text === undefined ? [] : [block.text]), ...(block.fields ?? [])];
    return fields.flatMap((field) => (field.type === 'mrkdwn' ? field.text : []));
  }
  return block.type === 'markdown' ? [block.text] : [];
}
