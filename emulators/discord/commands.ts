import type { Call, Route } from '../core/server.ts';
import { type CommandForm, commandList } from './command-form.ts';
import { noMoreCommandsToday, unknownRoute } from './errors.ts';
import { readForm } from './form.ts';
import { snowflake } from './snowflake.ts';
import { guildId, yoda } from './world.ts';

/** Creates a day (docs: application commands, "200 application command creates per day, per guild"). */
const createsPerDay = 200;

export type Command = CommandForm & { readonly id: string; readonly version: string; readonly guild_id?: string };

export interface Commands {
  list(): readonly Command[];
  /** How often a whole set was written. */
  readonly writes: () => number;
  readonly routes: readonly Route[];
}

/** The registered slash commands, global ones and those of the guild. */
export function createCommands(options: { readonly createsLeft?: number; readonly onChange: () => void }): Commands {
  const scopes: Record<'global' | 'guild', Command[]> = { global: [], guild: [] };
  let createsLeft = options.createsLeft ?? createsPerDay;
  let writes = 0;

  const overwrite = (scope: 'global' | 'guild') => (call: Call) => {
    checkIds(call);
    const wanted = readForm(commandList, call.json());
    const before = new Map(scopes[scope].map((command) => [command.name, command]));
    const created = wanted.filter(({ name }) => !before.has(name)).length;
    if (created > createsLeft) throw noMoreCommandsToday();
    createsLeft -= created;
    writes++;
    scopes[scope] = wanted.map((form) => ({
      ...form,
      id: before.get(form.name)?.id ?? snowflake(),
      version: snowflake(),
      ...(scope === 'guild' ? { guild_id: guildId } : {}),
    }));
    options.onChange();
    return { body: scopes[scope].map(payload) };
  };
  const read = (scope: 'global' | 'guild') => (call: Call) => {
    checkIds(call);
    return { body: scopes[scope].map(payload) };
  };

  return {
    list: () => [...scopes.global, ...scopes.guild],
    writes: () => writes,
    routes: [
      { method: 'PUT', path: '/applications/:application/commands', handle: overwrite('global') },
      { method: 'GET', path: '/applications/:application/commands', handle: read('global') },
      { method: 'PUT', path: '/applications/:application/guilds/:guild/commands', handle: overwrite('guild') },
      { method: 'GET', path: '/applications/:application/guilds/:guild/commands', handle: read('guild') },
    ],
  };
}

function checkIds({ params }: Call): void {
  if (params.application !== yoda.id || (params.guild !== undefined && params.guild !== guildId)) throw unknownRoute();
}

function payload(command: Command) {
  return {
    dm_permission: command.contexts?.includes(1) ?? true,
    nsfw: false,
    ...command,
    application_id: yoda.id,
    default_member_permissions: command.default_member_permissions ?? null,
    options: command.options ?? [],
    contexts: command.contexts ?? null,
    integration_types: command.integration_types ?? [0],
  };
}
