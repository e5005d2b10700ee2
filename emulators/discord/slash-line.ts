import type { ValueOption } from './command-form.ts';
import type { Command } from './commands.ts';

/** What a client hands over when a command is sent. */
export interface CommandData {
  readonly id: string;
  readonly name: string;
  readonly type: 1;
  readonly options: readonly object[];
  readonly guild_id?: string;
}

/** Words that the client shows under the command instead of sending it. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
}

/**
 * Reads a typed line as Discord's client does with its fields: `/yoda-ops traffic version:3 note:a quiet day`. A value
 * runs to the next known `name:`; double quotes around it are taken off. What stands before the first name goes into
 * the first field. Throws `NotSent` with the client's words.
 */
export function readLine(line: string, commands: readonly Command[]): CommandData {
  const [, name = '', behind = ''] = /^\/(\S*)\s*([\s\S]*)$/.exec(line.trim()) ?? [];
  const command = commands.find((known) => known.name === name);
  if (command === undefined) throw new NotSent(`No command matches /${name}.`);
  const about = { id: command.id, name, type: 1, ...(command.guild_id ? { guild_id: command.guild_id } : {}) } as const;
  const nested = (command.options ?? []).filter((option) => option.type === 1 || option.type === 2);
  if (nested.length === 0) return { ...about, options: values(behind, (command.options ?? []).filter(isValue)) };

  const [, verb = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(behind) ?? [];
  const first = nested.find((option) => option.name === verb);
  if (first?.type === 1) return { ...about, options: [{ ...at(first), options: values(rest, first.options ?? []) }] };
  if (first?.type === 2) {
    const [, innerVerb = '', innerRest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(rest) ?? [];
    const inner = first.options?.find((option) => option.name === innerVerb);
    if (inner !== undefined)
      return {
        ...about,
        options: [{ ...at(first), options: [{ ...at(inner), options: values(innerRest, inner.options ?? []) }] }],
      };
  }
  const names = nested.map((option) => `/${name} ${option.name}`).join(', ');
  throw new NotSent(`Pick one of ${names}.`);
}

function at({ name, type }: { readonly name: string; readonly type: number }) {
  return { name, type };
}

function isValue(option: NonNullable<Command['options']>[number]): option is ValueOption {
  return option.type !== 1 && option.type !== 2;
}

function values(text: string, options: readonly ValueOption[]): object[] {
  const typed = fields(text, options);
  return options.flatMap((option) => {
    const raw = typed.get(option.name);
    if (raw === undefined || raw === '') {
      if (option.required === true) throw new NotSent(`${option.name}: This option is required. Specify a value.`);
      return [];
    }
    return [{ name: option.name, type: option.type, value: parsed(raw, option) }];
  });
}

/** What was typed into each field. */
function fields(text: string, options: readonly ValueOption[]): Map<string, string> {
  const names = new Set(options.map(({ name }) => name));
  const marks = Array.from(text.matchAll(/(?:^|\s)([-_'\p{L}\p{N}]+):/gu)).filter(([, name = '']) => names.has(name));
  const found = new Map<string, string>();
  const lead = text.slice(0, marks[0]?.index ?? text.length).trim();
  const first = options[0];
  if (lead !== '' && first === undefined) throw new NotSent('This command takes no options.');
  if (lead !== '' && first !== undefined) found.set(first.name, unquoted(lead));
  for (const [index, mark] of marks.entries()) {
    const end = marks[index + 1]?.index ?? text.length;
    found.set(mark[1] ?? '', unquoted(text.slice(mark.index + mark[0].length, end).trim()));
  }
  return found;
}

function unquoted(value: string): string {
  return /^"[^"]*"$/.test(value) ? value.slice(1, -1) : value;
}

function parsed(raw: string, option: ValueOption): string | number | boolean {
  const { name, type } = option;
  if (type === 5) {
    if (!/^(true|false)$/i.test(raw)) throw new NotSent(`${name}: Specify a valid boolean: True or False.`);
    return raw.toLowerCase() === 'true';
  }
  if (type === 4 || type === 10) return numberOf(raw, option);
  const choices = option.choices ?? [];
  const chosen = choices.find((choice) => choice.name === raw || choice.value === raw);
  if (choices.length > 0 && chosen === undefined) throw new NotSent(`${name}: Specify a valid option.`);
  if (raw.length > (option.max_length ?? 6000))
    throw new NotSent(`${name}: Must be ${option.max_length ?? 6000} or fewer in length.`);
  return chosen?.value ?? raw;
}

function numberOf(raw: string, { name, type, min_value: min, max_value: max }: ValueOption): number {
  const value = Number(raw);
  if (!Number.isFinite(value) || (type === 4 && !Number.isInteger(value)))
    throw new NotSent(`${name}: Specify a valid ${type === 4 ? 'integer' : 'number'}.`);
  if (min !== undefined && value < min) throw new NotSent(`${name}: Specify a value of at least ${min}.`);
  if (max !== undefined && value > max) throw new NotSent(`${name}: Specify a value of at most ${max}.`);
  return value;
}
