import { UserError } from '../errors.ts';
import { closest } from './closest.ts';
import { camel, type Field, kebab } from './fields.ts';

export type Values = Readonly<Record<string, string | number | boolean>>;

/**
 * Reads `name:value name:"a value with spaces"` as people type it in Slack. Nothing is guessed: a word that is no
 * argument, a repeated one, an unclosed quote or a value of the wrong kind is a UserError that says how to write it.
 * The keys of the result are in camelCase, as the command's schema has them.
 */
export function parseValues(text: string, fields: readonly Field[]): Values {
  const values: Record<string, string | number | boolean> = {};
  for (const [name, raw] of pairs(text.replace(/[“”„‟]/g, '"').trim())) {
    const field = fields.find((known) => known.name === kebab(name));
    if (field === undefined) throw new UserError(unknownArgument(name, fields));
    const key = camel(field.name);
    if (key in values) throw new UserError(`\`${field.name}\` is given twice. Which one counts, say.`);
    values[key] = convert(field, raw);
  }
  return values;
}

/** The first word, the verb, and what stands behind it. */
export function verbOf(text: string): { readonly verb: string; readonly rest: string } {
  const trimmed = text.trim();
  const verb = /^\S+/.exec(trimmed)?.[0] ?? '';
  return { verb: verb.toLowerCase(), rest: trimmed.slice(verb.length) };
}

function* pairs(text: string): Generator<readonly [string, string]> {
  let rest = text;
  while (rest !== '') {
    const name = /^([\p{L}\p{N}_-]+):/u.exec(rest)?.[1];
    if (name === undefined) {
      const word = /^\S+/.exec(rest)?.[0] ?? rest;
      throw new UserError(
        `\`${plain(word)}\` has no name. Arguments are written \`name:value\`, for example \`version:3\`.`,
      );
    }
    rest = rest.slice(name.length + 1);
    const quoted = /^"([^"]*)"(?=\s|$)/.exec(rest);
    if (rest.startsWith('"') && quoted === null) {
      throw new UserError(`The quote behind \`${name}:\` is not closed. Write \`${name}:"…"\`.`);
    }
    const bare = quoted?.[0] ?? /^\S*/.exec(rest)?.[0] ?? '';
    const value = quoted?.[1] ?? bare;
    if (value === '') throw new UserError(`\`${name}:\` has no value.`);
    yield [name, value];
    rest = rest.slice(bare.length).trimStart();
  }
}

function unknownArgument(name: string, fields: readonly Field[]): string {
  const names = fields.map((field) => field.name);
  const guess = closest(kebab(name), names);
  const hint = guess === undefined ? '' : ` Did you mean \`${guess}\`?`;
  const known =
    names.length === 0 ? 'It takes no arguments.' : `It takes ${names.map((one) => `\`${one}\``).join(', ')}.`;
  return `\`${plain(name)}\` is no argument of this command.${hint} ${known}`;
}

function convert(field: Field, raw: string): string | number | boolean {
  switch (field.kind) {
    case 'string':
      return raw;
    case 'boolean': {
      const word = raw.toLowerCase();
      if (['yes', 'true', 'on'].includes(word)) return true;
      if (['no', 'false', 'off'].includes(word)) return false;
      throw new UserError(`\`${field.name}\` is yes or no, not \`${plain(raw)}\`.`);
    }
    case 'integer':
    case 'number': {
      const shape = field.kind === 'integer' ? /^-?\d+$/ : /^-?\d+(\.\d+)?$/;
      if (!shape.test(raw))
        throw new UserError(
          `\`${field.name}\` is ${field.kind === 'integer' ? 'a whole number' : 'a number'}, not \`${plain(raw)}\`.`,
        );
      return Number(raw);
    }
    default:
      return field.kind satisfies never;
  }
}

/** A person's own word inside our sentence, where it can neither close the code span nor be a whole page. */
function plain(word: string): string {
  return word.replaceAll('`', "'").slice(0, 60);
}
