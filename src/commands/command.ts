import type { z } from 'zod';
import type { Identity, Role } from '../policy/access.ts';
import { type Field, fieldsOf } from './fields.ts';

/** Who asks, as the platform vouches for it, and where. */
export interface Asker extends Identity {
  readonly channel: string;
}

/** What is said back, in Markdown. */
export interface Outcome {
  readonly text: string;
  readonly visibility: 'asker' | 'channel';
}

/** A command as data: one file, one definition, from which every face is derived. `Deps` is what its `run` needs. */
export interface Command<Deps> {
  readonly name: string;
  /** At most 100 characters, as Discord's menu takes it. */
  readonly summary: string;
  /** The least role that may run it. */
  readonly access: Role;
  readonly fields: readonly Field[];
  /** Checks the values against the command's schema and runs it. Throws a ZodError for values that do not fit. */
  readonly run: (values: unknown, context: { readonly asker: Asker; readonly deps: Deps }) => Promise<Outcome>;
}

export function defineCommand<Arguments extends z.ZodObject, Deps>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly access: Role;
  /** A strict object; each property is described, and its description is what menus show. */
  readonly arguments: Arguments;
  readonly run: (
    values: z.output<Arguments>,
    context: { readonly asker: Asker; readonly deps: Deps },
  ) => Promise<Outcome>;
}): Command<Deps> {
  const { arguments: schema, run, ...face } = definition;
  return { ...face, fields: fieldsOf(schema), run: (values, context) => run(schema.parse(values), context) };
}
