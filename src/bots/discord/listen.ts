import { type ClientUser, type Message as DiscordMessage, RESTJSONErrorCodes } from 'discord.js';
import { voice } from '../../chat/voice.ts';
import type { Asker, Outcome } from '../../commands/command.ts';
import type { Hearing } from '../bot.ts';
import type { Lines } from '../lines.ts';
import { helpText } from '../talk.ts';
import { asFault, codeOf } from './faults.ts';
import { partsOf } from './format.ts';
import { messageOf, talkIn } from './message.ts';
import { readSpoken, type Spoken } from './read.ts';

export interface ListenDeps {
  readonly hearing: Hearing;
  /** Whether Discord shows this bot what people write without a mention. */
  readonly messageContent: boolean;
  /** Does again what Redis does not take. */
  readonly patience: Lines;
}

const cannotRead = (mention: string) =>
  `Read this reply, I may not: Discord shows me only messages that name me. ${mention} in your message write.`;
const forYouAlone = 'For your eyes alone, the answer is: in our direct messages it stands.';
const directClosed =
  'For your eyes alone, the answer is, but closed your direct messages are. `/yoda-ops` use: only you will see it.';

/** What is left to say or do at Discord once a message has been stored, or instead of storing it. */
type Rest = () => Promise<void>;

/** One message of a person: a verb is done here, anything else goes to the hearing. Rejects only when Discord fails. */
export async function hear(message: DiscordMessage<true> | DiscordMessage, deps: ListenDeps): Promise<void> {
  const { user: bot } = message.client;
  const spoken = bot === null ? undefined : readSpoken(message, bot.id);
  if (bot === null || spoken === undefined) return;
  const { id, channelId } = message;
  try {
    const rest = await deps.patience(channelId, () => takeIn(message, spoken, bot, deps));
    // What is answered without the queue is answered by one of the processes that hear it; a long one holds nobody up.
    if (rest !== undefined) await deps.patience(`beside ${id}`, () => deps.hearing.once(`discord-${id}`, rest));
  } catch (error) {
    // Discord sends nothing again, so the person has to.
    deps.hearing.log.error(
      { err: asFault(error, 'taking a message in'), message: id },
      'A message could not be stored',
    );
    await reply(message, voice.notStored);
  }
}

/** Stores what is meant for Yoda. Rejects when Redis does not take it, and may be called again then. */
async function takeIn(
  message: DiscordMessage,
  spoken: Spoken,
  bot: ClientUser,
  deps: ListenDeps,
): Promise<Rest | undefined> {
  if (!(await isMeant(message, spoken, deps.hearing))) return undefined;
  const { text, named, direct } = spoken;
  const mention = `@${bot.displayName}`;
  const help = helpText(mention, { slashInThreads: true, needsMention: !deps.messageContent });
  if (text === '') return () => reply(message, wordsForNothing(message, spoken, deps, { mention, help }));
  const addressed = named || direct;
  if (addressed && /^help[.!?]?$/i.test(text)) return () => reply(message, help);
  const ops = named ? /^ops(?:\s+([\s\S]+))?$/i.exec(text) : null;
  if (ops !== null) return () => runOps(message, ops[1] ?? '', deps.hearing);
  const intent = addressed && /^reset[.!]?$/i.test(text) ? 'reset' : 'ask';
  await deps.hearing.takeIn(
    messageOf({
      by: message.author.id,
      shared: direct || spoken.thread,
      direct,
      intent,
      text,
      saidAt: message.createdTimestamp,
      address: { kind: 'message', channel: message.channelId, bot: bot.id, asked: message.id },
    }),
  );
  return undefined;
}

/** Direct messages, mentions and replies; in a thread where Yoda takes part, also what names nobody else. */
async function isMeant(message: DiscordMessage, spoken: Spoken, hearing: Hearing): Promise<boolean> {
  if (spoken.direct || spoken.named || spoken.replied) return true;
  if (!spoken.thread || spoken.othersNamed || spoken.text === '') return false;
  return hearing.takesPart(talkIn(message.channelId, message.author.id, true));
}

/** Nothing to read: a picture, a mention alone, or a reply that Discord blanks for bots without the intent. */
function wordsForNothing(
  message: DiscordMessage,
  spoken: Spoken,
  deps: ListenDeps,
  words: { readonly mention: string; readonly help: string },
): string {
  if (message.attachments.size > 0 || message.stickers.size > 0) return voice.wordsOnly;
  if (spoken.named) return words.help;
  return spoken.direct || deps.messageContent ? voice.wordsOnly : cannotRead(words.mention);
}

/** Never rejects: a command that was run must not be run again because its outcome could not be shown. */
async function runOps(message: DiscordMessage, text: string, hearing: Hearing): Promise<void> {
  const { author, channelId, member, guildId } = message;
  const outcome = await hearing.runCommand(askerOf(author.id, channelId, member, guildId), { text });
  await answerOps(message, outcome).catch((error: unknown) =>
    hearing.log.error({ err: error, message: message.id }, 'The outcome of an ops command could not be shown'),
  );
}

/** An answer for the asker alone goes to their direct messages: only slash commands can be answered unseen in a channel. */
async function answerOps(message: DiscordMessage, outcome: Outcome): Promise<void> {
  if (outcome.visibility === 'channel' || message.channel.isDMBased()) return reply(message, outcome.text);
  try {
    for (const content of partsOf(outcome.text)) await message.author.send({ content });
  } catch (error) {
    if (codeOf(error) !== RESTJSONErrorCodes.CannotSendMessagesToThisUser) throw error;
    return reply(message, directClosed);
  }
  await reply(message, forYouAlone);
}

/** `member` as Discord sent it; without the guild in the cache its roles are plain ids. Absent in direct messages. */
export function askerOf(
  person: string,
  channel: string,
  member: { readonly roles: readonly string[] | { readonly cache: ReadonlyMap<string, unknown> } } | null,
  guild: string | null,
): Asker {
  const given = member?.roles ?? [];
  const ids = 'cache' in given ? [...given.cache.keys()] : given;
  // The role of everyone has the guild's own id and says nothing about a person.
  return { platform: 'discord', id: person, roles: ids.filter((id) => id !== guild), channel };
}

async function reply(message: DiscordMessage, text: string): Promise<void> {
  const [first, ...rest] = partsOf(text);
  if (first === undefined) return;
  await message.reply({ content: first });
  if (message.channel.isSendable()) for (const content of rest) await message.channel.send({ content });
}
