import { createHash } from 'node:crypto';
import {
  type APIApplicationCommandBasicOption,
  ApplicationCommandOptionType,
  ApplicationIntegrationType,
  type Client,
  InteractionContextType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord.js';
import type { MenuEntry } from '../../commands/menu.ts';
import type { Hearing } from '../bot.ts';
import { talkVerbs } from '../talk.ts';

/** What stands behind `/yoda-ops`. */
export type OpsMenu = readonly MenuEntry[];

/** Discord's most options on a level, choices of an option, and characters of a description. */
const mostEntries = 25;
const longestDescription = 100;

type CommandSet = RESTPostAPIChatInputApplicationCommandsJSONBody[];

/** `/yoda` for all, also in direct messages; `/yoda-ops` in servers only. Who may run it is checked when it is run. */
export function commandSet(opsMenu: OpsMenu): CommandSet {
  return [
    {
      name: 'yoda',
      description: 'Talk to Yoda',
      integration_types: [ApplicationIntegrationType.GuildInstall],
      contexts: [InteractionContextType.Guild, InteractionContextType.BotDM],
      options: talkVerbs.map(({ name, summary, argument }) => ({
        type: ApplicationCommandOptionType.Subcommand,
        name,
        description: short(summary),
        options:
          argument === undefined
            ? []
            : [
                {
                  type: ApplicationCommandOptionType.String,
                  name: argument,
                  description: 'An ordinary English sentence',
                  required: true,
                },
              ],
      })),
    },
    {
      name: 'yoda-ops',
      description: "Run the model's life: train, deploy, shift traffic, look after it",
      integration_types: [ApplicationIntegrationType.GuildInstall],
      contexts: [InteractionContextType.Guild],
      options: opsMenu.slice(0, mostEntries).map(({ name, summary, fields }) => ({
        type: ApplicationCommandOptionType.Subcommand,
        name,
        description: short(summary),
        options: [...fields]
          .sort((a, b) => Number(b.required) - Number(a.required))
          .slice(0, mostEntries)
          .map(optionOf),
      })),
    },
  ];
}

function optionOf({
  name,
  summary,
  kind,
  required,
  choices = [],
  min,
  max,
}: MenuEntry['fields'][number]): APIApplicationCommandBasicOption {
  const about = { name, description: short(summary), required };
  const bounds = {
    ...(min === undefined ? {} : { min_value: min }),
    ...(max === undefined ? {} : { max_value: max }),
  };
  if (kind === 'boolean') return { ...about, type: ApplicationCommandOptionType.Boolean };
  if (kind === 'integer') return { ...about, type: ApplicationCommandOptionType.Integer, ...bounds };
  if (kind === 'number') return { ...about, type: ApplicationCommandOptionType.Number, ...bounds };
  // More choices than Discord shows: any text is taken, and the command itself refuses a wrong one.
  const shown = choices.length > mostEntries ? [] : choices.map((choice) => ({ name: choice, value: choice }));
  return { ...about, type: ApplicationCommandOptionType.String, ...(shown.length === 0 ? {} : { choices: shown }) };
}

function short(text: string): string {
  return text.length <= longestDescription ? text : `${text.slice(0, longestDescription - 1)}…`;
}

/**
 * Registers the commands with one write, and only when they have changed since the last time or Discord has others: it
 * allows 200 new ones a day. A failure is logged; talking works without a menu.
 */
export async function register(client: Client<true>, opsMenu: OpsMenu, hearing: Hearing): Promise<void> {
  const wanted = commandSet(opsMenu);
  const hash = createHash('sha256').update(JSON.stringify(wanted)).digest('hex');
  const note = `discord-menu:${client.application.id}`;
  if (opsMenu.length > mostEntries)
    hearing.log.warn(
      { left: opsMenu.slice(mostEntries).map(({ name }) => name) },
      'Discord shows 25 commands; the others work behind a mention: @Yoda ops …',
    );
  try {
    const [noted, registered] = await Promise.all([hearing.notes.get(note), client.application.commands.fetch()]);
    const names = new Set(registered.map(({ name }) => name));
    if (noted === hash && wanted.length === names.size && wanted.every(({ name }) => names.has(name))) return;
    await client.application.commands.set(wanted);
    await hearing.notes.set(note, hash);
    hearing.log.info({ commands: wanted.map(({ name }) => name) }, 'Registered the slash commands with Discord');
  } catch (error) {
    hearing.log.error({ err: error }, 'The slash commands could not be registered; mentions and direct messages work');
  }
}
