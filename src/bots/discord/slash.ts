import { setTimeout } from 'node:timers/promises';
import { ApplicationCommandOptionType, ChannelType, type ChatInputCommandInteraction, MessageFlags } from 'discord.js';
import type { Message } from '../../chat/message.ts';
import { voice } from '../../chat/voice.ts';
import type { Hearing } from '../bot.ts';
import { helpText } from '../talk.ts';
import { partsOf } from './format.ts';
import type { ListenDeps } from './listen.ts';
import { askerOf } from './listen.ts';
import { messageOf } from './message.ts';

/** Discord waits 3 s for a first answer; what is not stored or done by then is answered otherwise. */
const patienceMs = 2000;
/** How long Discord takes further answers to an interaction. */
const tokenMs = 15 * 60_000;

/** Seen by the one who asked alone; fixed by the first answer. */
const unseen = { flags: MessageFlags.Ephemeral } as const;
const belowForAll = 'Done it is. For all to see, below it stands.';

/** One slash command. Nothing is acknowledged as received before it is stored. Rejects only when Discord fails. */
export async function obey(interaction: ChatInputCommandInteraction, deps: ListenDeps): Promise<void> {
  const { hearing, messageContent } = deps;
  if (interaction.commandName === 'yoda-ops') return runOps(interaction, hearing);
  if (interaction.commandName !== 'yoda') return;
  const verb = interaction.options.getSubcommand();
  if (verb === 'ask') return takeIn(interaction, 'ask', interaction.options.getString('text', true), hearing);
  if (verb === 'reset') return takeIn(interaction, 'reset', '', hearing);
  const mention = `@${interaction.client.user.displayName}`;
  await whisper(interaction, helpText(mention, { slashInThreads: true, needsMention: !messageContent }));
}

async function takeIn(
  interaction: ChatInputCommandInteraction,
  intent: Message['intent'],
  text: string,
  hearing: Hearing,
): Promise<void> {
  if (intent === 'ask' && text.trim() === '') return whisper(interaction, voice.silence);
  const storing = hearing.takeIn(asked(interaction, intent, text.trim()));
  const outcome = await inTime(storing);
  if (outcome !== undefined) {
    await interaction.deferReply(intent === 'reset' ? unseen : {});
    return;
  }
  await whisper(interaction, voice.notStored);
  await storing.catch((error: unknown) =>
    hearing.log.error({ err: error, interaction: interaction.id }, 'A message could not be stored'),
  );
}

function asked(interaction: ChatInputCommandInteraction, intent: Message['intent'], text: string): Message {
  const { id, channelId: channel, user, token, applicationId: application, createdTimestamp: saidAt } = interaction;
  const bot = interaction.client.user.id;
  const direct = interaction.channel?.type === ChannelType.DM || interaction.guildId === null;
  const shared = direct || interaction.channel?.isThread() === true;
  const expiresAt = saidAt + tokenMs;
  const address = { kind: 'interaction', channel, bot, asked: id, application, token, expiresAt } as const;
  return messageOf({ by: user.id, shared, direct, intent, text, saidAt, address });
}

async function runOps(interaction: ChatInputCommandInteraction, hearing: Hearing): Promise<void> {
  // Received before it is run: of several replicas only one can do that, so nothing is run twice. And unseen, because
  // who sees an answer is fixed by the first one, and what the outcome may show is not known yet.
  await interaction.deferReply(unseen);
  const { user, channelId, member, guildId } = interaction;
  const asker = askerOf(user.id, channelId, member, guildId);
  const request = { verb: interaction.options.getSubcommand(), values: valuesOf(interaction) };
  const { text, visibility } = await hearing.runCommand(asker, request);
  const parts = partsOf(text);
  const [first = voice.noWords, ...rest] = visibility === 'asker' ? parts : [belowForAll, ...parts];
  await interaction.editReply({ content: first });
  for (const content of rest) await interaction.followUp({ content, ...(visibility === 'asker' ? unseen : {}) });
}

async function whisper(interaction: ChatInputCommandInteraction, text: string): Promise<void> {
  const [first = voice.noWords, ...rest] = partsOf(text);
  await interaction.reply({ content: first, ...unseen });
  for (const content of rest) await interaction.followUp({ content, ...unseen });
}

function valuesOf(interaction: ChatInputCommandInteraction): Record<string, string | number | boolean> {
  const [verb] = interaction.options.data;
  const given = verb?.type === ApplicationCommandOptionType.Subcommand ? (verb.options ?? []) : [];
  return Object.fromEntries(given.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
}

/** What it came to, or undefined when it failed or takes too long for a first answer. */
async function inTime<T>(work: Promise<T>): Promise<{ readonly value: T } | undefined> {
  const cancel = new AbortController();
  const late = setTimeout(patienceMs, undefined, { signal: cancel.signal }).catch(() => undefined);
  const done = work.then(
    (value) => ({ value }),
    () => undefined,
  );
  const first = await Promise.race([done, late]);
  cancel.abort();
  return first;
}
