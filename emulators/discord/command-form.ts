import { z } from 'zod';
import { text } from './form.ts';

/** Kinds of options: 1 subcommand, 2 group, 3 text, 4 integer, 5 boolean, 6 user, 7 channel, 8 role, 10 number. */
const valueKinds = [3, 4, 5, 6, 7, 8, 10] as const;

// Lower case only; \p{Lu} is refused apart, because a script without cases is allowed.
const commandName = text(1, 32).refine((name) => /^[-_'\p{L}\p{N}]+$/u.test(name) && name === name.toLowerCase(), {
  message: 'Command name is invalid',
  params: { code: 'APPLICATION_COMMAND_INVALID_NAME' },
});

const choice = z.object({ name: text(1, 100), value: z.union([text(0, 100), z.number()]) });

const valueOption = z.object({
  type: z.union(valueKinds.map((kind) => z.literal(kind))),
  name: commandName,
  description: text(1, 100),
  required: z.boolean().optional(),
  choices: z.array(choice).max(25).optional(),
  min_value: z.number().optional(),
  max_value: z.number().optional(),
  min_length: z.int().min(0).max(6000).optional(),
  max_length: z.int().min(1).max(6000).optional(),
  autocomplete: z.boolean().optional(),
});

const valueOptions = z.array(valueOption).max(25).superRefine(wellOrdered);

const subcommand = z.object({
  type: z.literal(1),
  name: commandName,
  description: text(1, 100),
  options: valueOptions.optional(),
});

const group = z.object({
  type: z.literal(2),
  name: commandName,
  description: text(1, 100),
  options: z.array(subcommand).max(25).superRefine(wellOrdered).optional(),
});

const options = z
  .array(z.discriminatedUnion('type', [subcommand, group, valueOption]))
  .max(25)
  .superRefine(wellOrdered)
  .superRefine((list, context) => {
    const nested = list.filter(({ type }) => type === 1 || type === 2).length;
    if (nested > 0 && nested < list.length)
      context.addIssue({
        code: 'custom',
        params: { code: 'APPLICATION_COMMAND_OPTIONS_TYPE_INVALID' },
        message: 'Sub-command and sub-command group option types are mutually exclusive to all other types',
      });
  });

const commandForm = z
  .object({
    type: z.literal(1).default(1),
    name: commandName,
    description: text(1, 100),
    options: options.optional(),
    default_member_permissions: z.string().regex(/^\d+$/).nullish(),
    contexts: z.array(z.union([z.literal(0), z.literal(1), z.literal(2)])).nullish(),
    integration_types: z.array(z.union([z.literal(0), z.literal(1)])).nullish(),
    nsfw: z.boolean().optional(),
  })
  .superRefine((form, context) => {
    if (characters(form) > 8000)
      context.addIssue({
        code: 'custom',
        path: [],
        params: { code: 'APPLICATION_COMMAND_TOO_LARGE' },
        message: 'Command exceeds maximum size (8000)',
      });
  });

/** The body of a bulk overwrite. */
export const commandList = z
  .array(commandForm)
  .max(100)
  .superRefine((list, context) => {
    for (const [index, { name }] of list.entries()) {
      if (list.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({
        code: 'custom',
        path: [index],
        params: { code: 'APPLICATION_COMMANDS_DUPLICATE_NAME' },
        message: 'Application command names must be unique',
      });
    }
  });

export type CommandForm = z.output<typeof commandForm>;
export type ValueOption = z.output<typeof valueOption>;

/** Names once, and what is required before what is not. */
function wellOrdered(
  list: readonly { readonly name: string; readonly required?: boolean | undefined }[],
  context: z.RefinementCtx,
): void {
  for (const [index, option] of list.entries()) {
    const earlier = list.slice(0, index);
    const fault = (code: string, message: string) =>
      context.addIssue({ code: 'custom', path: [index], params: { code }, message });
    if (earlier.some(({ name }) => name === option.name))
      fault('APPLICATION_COMMAND_OPTIONS_NAME_INVALID', 'Option names must be unique');
    if (option.required === true && earlier.some(({ required }) => required !== true))
      fault(
        'APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID',
        'Required options must be placed before non-required options',
      );
  }
}

/** Discord counts names, descriptions and values of choices on every level. */
function characters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + characters(item), 0);
  if (typeof value !== 'object' || value === null) return 0;
  return Object.entries(value).reduce((sum, [key, inner]) => {
    const counts = typeof inner === 'string' && ['name', 'description', 'value'].includes(key);
    return sum + (counts ? inner.length : characters(inner));
  }, 0);
}
