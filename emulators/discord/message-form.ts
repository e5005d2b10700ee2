import { z } from 'zod';
import { emptyMessage } from './errors.ts';
import { readForm, snowflakeText, text } from './form.ts';

const componentsV2 = 1 << 15;

const button = z.object({
  type: z.literal(2),
  style: z.int().min(1).max(4),
  custom_id: text(1, 100),
  label: text(0, 80).optional(),
  disabled: z.boolean().optional(),
});

const row = z.object({ type: z.literal(1), components: z.array(button).min(1).max(5) });

const embed = z.object({
  title: text(0, 256).optional(),
  description: text(0, 4096).optional(),
  url: z.string().optional(),
  color: z.int().min(0).max(0xffffff).optional(),
  fields: z
    .array(z.object({ name: text(1, 256), value: text(1, 1024), inline: z.boolean().optional() }))
    .max(25)
    .optional(),
  footer: z.object({ text: text(1, 2048) }).optional(),
});

const allowedMentions = z
  .object({
    parse: z.array(z.enum(['roles', 'users', 'everyone'])).optional(),
    users: z.array(snowflakeText).max(100).optional(),
    roles: z.array(snowflakeText).max(100).optional(),
    replied_user: z.boolean().optional(),
  })
  .superRefine((allowed, context) => {
    for (const kind of ['users', 'roles'] as const) {
      if (!allowed.parse?.includes(kind) || (allowed[kind] ?? []).length === 0) continue;
      context.addIssue({
        code: 'custom',
        path: [],
        params: { code: 'MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE' },
        message: `parse:["${kind}"] and ${kind}: [ids...] are mutually exclusive.`,
      });
    }
  });

const messageForm = z
  .object({
    content: text(0, 2000).nullish(),
    nonce: z.union([text(0, 25), z.int()]).nullish(),
    enforce_nonce: z.boolean().nullish(),
    flags: z.int().nullish(),
    allowed_mentions: allowedMentions.nullish(),
    message_reference: z
      .object({
        message_id: snowflakeText,
        channel_id: snowflakeText.optional(),
        fail_if_not_exists: z.boolean().optional(),
      })
      .nullish(),
    embeds: z.array(embed).max(10).nullish(),
    components: z.array(row).max(5).nullish(),
  })
  .superRefine((form, context) => {
    const fault = (path: string[], code: string, message: string) =>
      context.addIssue({ code: 'custom', path, params: { code }, message });
    const used = (form.flags ?? 0) & componentsV2;
    if (used !== 0 && (form.content || form.embeds?.length))
      fault(
        ['content'],
        'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
        'The content field cannot be used when using MessageFlags.IS_COMPONENTS_V2',
      );
    if (embedLength(form.embeds ?? []) > 6000)
      fault(['embeds'], 'MAX_EMBED_SIZE_EXCEEDED', 'Embed size exceeds maximum size of 6000');
    const ids = (form.components ?? []).flatMap((line) => line.components.map((part) => part.custom_id));
    if (new Set(ids).size < ids.length)
      fault(['components'], 'COMPONENT_CUSTOM_ID_DUPLICATED', 'Component custom id cannot be duplicated');
  });

export type MessageForm = z.output<typeof messageForm>;

function embedLength(embeds: readonly z.output<typeof embed>[]): number {
  const texts = embeds.flatMap(({ title, description, footer, fields }) => [
    title,
    description,
    footer?.text,
    ...(fields ?? []).flatMap((field) => [field.name, field.value]),
  ]);
  return texts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
}

/** A new message's body; 50006 when nothing would stand in it. Discord trims the content. */
export function readMessage(body: unknown): MessageForm {
  const form = readEdit(body);
  if (!form.content && !form.embeds?.length && !form.components?.length) throw emptyMessage();
  return form;
}

/** An edit's body: absent fields stay as they are. */
export function readEdit(body: unknown): MessageForm {
  const form = readForm(messageForm, body);
  return typeof form.content === 'string' ? { ...form, content: form.content.trim() } : form;
}
