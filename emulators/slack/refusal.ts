import { z } from 'zod';

/** Slack's `{"ok": false, "error": …}`, thrown by whoever finds the fault. */
export class Refusal extends Error {
  readonly body: Readonly<Record<string, unknown>>;

  constructor(error: string, more: Readonly<Record<string, unknown>> = {}) {
    super(error);
    this.body = { ok: false, error, ...more };
  }
}

/** `invalid_arguments` and its kin say in `response_metadata.messages` what they mean. */
export function refusal(error: string, ...messages: readonly string[]): Refusal {
  return new Refusal(error, {
    response_metadata: { messages: messages.map((message) => `[ERROR] ${message}`) },
  });
}

/** Reads a call's arguments; what Slack would call a missing or malformed argument becomes its `invalid_arguments`. */
export function readArguments<T extends z.ZodType>(schema: T, values: Readonly<Record<string, unknown>>): z.infer<T> {
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  throw refusal(
    'invalid_arguments',
    ...result.error.issues.map(({ path, code }) =>
      values[String(path[0])] === undefined && code === 'invalid_type'
        ? `missing required field: ${path.join('.')}`
        : `invalid value [json-pointer:/${path.join('/')}]`,
    ),
  );
}

/** Forms carry everything as text; JSON bodies carry the value itself. */
export const flag = z.union([
  z.boolean(),
  z.enum(['true', '1']).transform(() => true),
  z.string().transform(() => false),
]);
export const count = z.coerce.number().int().positive();
export const textField = z.string();

export const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue('no JSON');
    return z.NEVER;
  }
});
