import { z } from 'zod';
import { reference, UserError } from '../errors.ts';
import type { Log } from '../log.ts';
import { type Access, atLeast } from '../policy/access.ts';
import type { Audit } from '../policy/audit.ts';
import { type CommandDeps, commands } from './all.ts';
import { closest } from './closest.ts';
import type { Asker, Command, Outcome } from './command.ts';
import { camel, kebab } from './fields.ts';
import { parseValues, type Values, verbOf } from './grammar.ts';

/** What was asked: the text behind `/yoda-ops`, or a verb with the values that a menu collected. */
export type Request = { readonly text: string } | { readonly verb: string; readonly values: Values };

/** Never rejects: refusals and faults come back as words. */
export type RunCommand = (asker: Asker, request: Request) => Promise<Outcome>;

/** find -> may this person? -> parse -> run -> audit. Nothing is parsed for somebody who may not ask. */
export function createRun(deps: {
  readonly access: Access;
  readonly audit: Audit;
  readonly commands: CommandDeps;
  readonly log: Log;
}): RunCommand {
  return async (asker, request) => {
    const { verb, rest } = 'text' in request ? verbOf(request.text) : { verb: request.verb, rest: undefined };
    let values: Values = {};
    const tell = (text: string): Outcome => ({ text, visibility: 'asker' });
    const record = (result: 'done' | 'refused' | 'failed', detail = '') =>
      deps.audit.record({ who: asker, channel: asker.channel, verb, values, result, detail });
    try {
      const role = await deps.access.roleOf(asker);
      const command = commands.find((known) => known.name === verb);
      const needed = command?.access ?? 'operator';
      if (!atLeast(role, needed)) {
        await record('refused', `needs the role ${needed}`);
        return tell(deps.access.refusal(asker, needed));
      }
      if (command === undefined) return tell(unknownVerb(verb, role));
      values = 'values' in request ? camelKeys(request.values) : parseValues(rest ?? '', command.fields);
      const outcome = await command.run(values, { asker, deps: deps.commands });
      // It was done: words of a failure would have it run again.
      await record('done').catch((err: unknown) =>
        deps.log.error({ err, verb, values, asker }, 'A command was done, and the audit log is out of reach'),
      );
      return outcome;
    } catch (error) {
      return tell(await explain(error, record, deps.log));
    }
  };
}

async function explain(
  error: unknown,
  record: (result: 'refused' | 'failed', detail: string) => Promise<void>,
  log: Log,
): Promise<string> {
  const words = error instanceof z.ZodError ? faultsOf(error) : error instanceof UserError ? error.message : undefined;
  const quoted = reference();
  const keep = (result: 'refused' | 'failed', detail: string) =>
    record(result, detail).catch((cause: unknown) =>
      log.error({ err: cause, reference: quoted }, 'The audit log is out of reach'),
    );
  if (words !== undefined) {
    await keep('refused', words);
    return words;
  }
  log.error({ err: error, reference: quoted }, 'A command failed');
  await keep('failed', quoted);
  return `Something broke; reference \`${quoted}\`. The log says more under it.`;
}

function faultsOf(error: z.ZodError): string {
  return error.issues
    .map((issue) => `\`${kebab(issue.path.join('.')) || 'the command'}\`: ${issue.message}`)
    .join('\n');
}

function camelKeys(values: Values): Values {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [camel(name), value]));
}

function unknownVerb(verb: string, role: Parameters<typeof atLeast>[0]): string {
  const offered = commands.filter((command) => atLeast(role, command.access));
  const list = offered.map((command) => `- \`/yoda-ops ${usage(command)}\`: ${command.summary}`).join('\n');
  if (verb === '' || verb === 'help') return list;
  const guess = closest(
    verb,
    offered.map((command) => command.name),
  );
  const hint = guess === undefined ? '' : ` Did you mean \`/yoda-ops ${guess}\`?`;
  return `\`${verb.replaceAll('`', "'").slice(0, 60)}\` is not something /yoda-ops can do.${hint}\n${list}`;
}

function usage(command: Command<CommandDeps>): string {
  const words = command.fields.map(({ name, required }) => (required ? `${name}:…` : `[${name}:…]`));
  return [command.name, ...words].join(' ');
}
