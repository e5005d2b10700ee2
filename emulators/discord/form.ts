import { z } from 'zod';
import { type FieldFault, invalidForm } from './errors.ts';

/** Reads a request's body as Discord does: what breaks the rules is answered with 50035 and Discord's words per field. */
export function readForm<S extends z.ZodType>(schema: S, value: unknown): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw invalidForm(read.error.issues.map(fieldFault));
}

/** A text of so many characters; Discord words both bounds in one fault. */
export function text(min: number, max: number) {
  return z.string().refine((value) => value.length >= min && value.length <= max, {
    ...(min === 0
      ? { message: `Must be ${max} or fewer in length.`, params: { code: 'BASE_TYPE_MAX_LENGTH' } }
      : { message: `Must be between ${min} and ${max} in length.`, params: { code: 'BASE_TYPE_BAD_LENGTH' } }),
  });
}

export const snowflakeText = z.string().regex(/^\d{17,20}$/);

function fieldFault(issue: z.core.$ZodIssue): FieldFault {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  switch (issue.code) {
    case 'custom':
      return { path, code: String(issue.params?.code ?? 'BASE_TYPE_INVALID'), message: issue.message };
    case 'too_big':
      return issue.origin === 'number' || issue.origin === 'int'
        ? { path, code: 'NUMBER_TYPE_MAX', message: `int value should be less than or equal to ${issue.maximum}.` }
        : { path, code: 'BASE_TYPE_MAX_LENGTH', message: `Must be ${issue.maximum} or fewer in length.` };
    case 'too_small':
      return issue.origin === 'number' || issue.origin === 'int'
        ? { path, code: 'NUMBER_TYPE_MIN', message: `int value should be greater than or equal to ${issue.minimum}.` }
        : { path, code: 'BASE_TYPE_MIN_LENGTH', message: `Must be ${issue.minimum} or more in length.` };
    case 'invalid_format':
      return { path, code: 'STRING_TYPE_REGEX', message: 'String value did not match validation regex.' };
    case 'invalid_value':
      return { path, code: 'BASE_TYPE_CHOICES', message: `Value must be one of {${issue.values.join(', ')}}.` };
    default:
      return issue.input === undefined && issue.code === 'invalid_type'
        ? { path, code: 'BASE_TYPE_REQUIRED', message: 'This field is required' }
        : { path, code: 'BASE_TYPE_INVALID', message: 'This value has the wrong type.' };
  }
}
