import { z } from 'zod';

/** One argument of a command, as every face shows it: Slack's grammar, Discord's menu, help, docs. */
export interface Field {
  /** In kebab-case; a surface may write it in camelCase and means the same. */
  readonly name: string;
  readonly summary: string;
  readonly kind: 'string' | 'integer' | 'number' | 'boolean';
  readonly required: boolean;
  readonly choices?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

const propertySchema = z.object({
  type: z.enum(['string', 'integer', 'number', 'boolean']),
  description: z.string().min(1).max(100),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  exclusiveMaximum: z.number().optional(),
});

/**
 * Derives the fields from a command's zod object; throws for a schema that a menu could not show, so that such a
 * command cannot even be loaded. Integers with an exclusive bound get the next whole number as theirs.
 */
export function fieldsOf(schema: z.ZodObject): readonly Field[] {
  const { properties = {}, required = [], additionalProperties } = z.toJSONSchema(schema, { io: 'input' });
  if (additionalProperties !== false) throw new TypeError('The arguments of a command are a z.strictObject.');
  const fields = Object.entries(properties).map(([key, property]): Field => {
    const { type, description, ...bounds } = propertySchema.parse(property);
    const step = type === 'integer' ? 1 : Number.EPSILON;
    const safe = (bound: number | undefined) => (Math.abs(bound ?? 0) >= Number.MAX_SAFE_INTEGER ? undefined : bound);
    const min = safe(bounds.exclusiveMinimum === undefined ? bounds.minimum : bounds.exclusiveMinimum + step);
    const max = safe(bounds.exclusiveMaximum === undefined ? bounds.maximum : bounds.exclusiveMaximum - step);
    return {
      name: kebab(key),
      summary: description,
      kind: type,
      required: required.includes(key),
      ...(bounds.enum === undefined ? {} : { choices: bounds.enum }),
      ...(min === undefined ? {} : { min }),
      ...(max === undefined ? {} : { max }),
    };
  });
  // Discord wants required options first; so everybody gets them first.
  return fields.sort((a, b) => Number(b.required) - Number(a.required));
}

export function kebab(name: string): string {
  return name.replaceAll('_', '-').replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function camel(name: string): string {
  return kebab(name).replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
