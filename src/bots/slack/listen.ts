import { z } from 'zod';
import type { Message } from '../../chat/message.ts';
import { voice } from '../../chat/voice.ts';
import type { Hearing } from '../bot.ts';
import type { InFlight } from '../in-flight.ts';
import { createLines } from '../lines.ts';
import { helpText } from '../talk.ts';
import type { SlackClient } from './client.ts';
import { mentionedPeople, readable } from './format.ts';
import type { SlackAddress } from './reply.ts';
import { type Place, sayPrivately, sayPublicly } from './say.ts';

/** Who the bot is in its workspace. */
export interface Identity {
  readonly user: string;
  readonly bot: string;
  readonly name: string;
}

export interface ListenDeps {
  readonly self: Identity;
  readonly client: SlackClient;
  readonly hearing: Hearing;
  /** Display names of people by id; fails never, knows whom it can. */
  readonly names: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly inFlight: InFlight;
}

/** The events `message` and `app_mention`, as far as Yoda cares. */
const eventSchema = z.object({
  type: z.enum(['message', 'app_mention']),
  subtype: z.string().optional(),
  channel: z.string(),
  channel_type: z.string().optional(),
  user: z.string(),
  bot_id: z.string().optional(),
  text: z.string().default(''),
  ts: z.string(),
  thread_ts: z.string().optional(),
  edited: z.unknown().optional(),
  files: z.array(z.unknown()).optional(),
});

type SpokenEvent = z.infer<typeof eventSchema>;

/** The other subtypes are joins, topics, edits, deletions and other things that nobody said to Yoda. */
const spokenSubtypes: ReadonlySet<string | undefined> = new Set([
  undefined,
  'file_share',
  'thread_broadcast',
  'me_message',
]);
const longestText = 50_000;

/** What is left to say or do at Slack instead of storing a message. */
type Rest = () => Promise<void>;

/**
 * Hears one event. Resolves when it is stored or was nothing for Yoda; rejects when Slack should send it again.
 * In channels Slack tells of a mention twice; there `app_mention` alone is heard, so that nothing runs twice.
 */
export function createListener(deps: ListenDeps): (raw: unknown, team: string) => Promise<void> {
  // A name that has to be looked up must not let the next message of the same place pass by.
  const lines = createLines();
  return async (raw, team) => {
    const event = eventSchema.safeParse(raw).data;
    if (event === undefined || !isSpoken(event, deps.self)) return;
    const rest = await lines(event.channel, () => takeIn(event, team, deps));
    if (rest !== undefined) await deps.hearing.once(idOf(event), rest);
  };
}

async function takeIn(event: SpokenEvent, team: string, deps: ListenDeps): Promise<Rest | undefined> {
  const { self, hearing, client } = deps;
  const direct = event.channel_type === 'im';
  const mentions = mentionedPeople(event.text);
  const mentioned = mentions.includes(self.user);
  const root = event.thread_ts ?? event.ts;
  const conversation = `slack:${team}:${event.channel}:${root}`;
  if (!direct && event.type === 'message') {
    if (mentions.length > 0 || event.thread_ts === undefined) return undefined;
    if (!(await hearing.takesPart(conversation))) return undefined;
  }
  const text = readable(event.text, self.user, await deps.names(mentions.filter((id) => id !== self.user)));
  const inThread = event.thread_ts !== undefined;
  const speaker = { channel: event.channel, thread: root, user: event.user, direct, inThread };

  const ops = mentioned ? /^ops\b\s*(.*)$/is.exec(text)?.[1] : undefined;
  if (ops !== undefined) return async () => void deps.inFlight.track(runOps(speaker, ops, deps));
  const words = atOnce(text, { direct, mentioned, files: event.files?.length ?? 0 }, self);
  if (words !== undefined) return () => sayPublicly(speaker, words, client);
  if (text === '') return undefined;

  const address = { channel: event.channel, thread: root, since: event.ts } satisfies SlackAddress;
  const message: Message = {
    version: 1,
    id: idOf(event),
    platform: 'slack',
    lane: direct ? `slack:${team}:${event.channel}` : conversation,
    conversation,
    person: `slack:${event.user}`,
    direct,
    intent: (direct || mentioned) && /^reset[.!]?$/i.test(text) ? 'reset' : 'ask',
    text: text.slice(0, longestText),
    saidAt: Math.round(Number(event.ts) * 1000),
    address,
  };
  await hearing.takeIn(message);
  return undefined;
}

/** The same for each telling of the same message. */
function idOf({ channel, ts }: SpokenEvent): string {
  return `slack-${channel}-${ts}`;
}

/** Whether a person has just said it; edits, joins, bots and Yoda himself are not. */
function isSpoken(event: SpokenEvent, self: Identity): boolean {
  if (event.bot_id !== undefined || event.user === self.user || event.user === 'USLACKBOT') return false;
  return spokenSubtypes.has(event.subtype) && event.edited === undefined;
}

/** What is answered without the model: a call for help, a bare mention, files without words. */
function atOnce(
  text: string,
  said: { readonly direct: boolean; readonly mentioned: boolean; readonly files: number },
  self: Identity,
): string | undefined {
  if (text === '' && said.files > 0) return voice.wordsOnly;
  if (text === '' && said.mentioned) return helpText(`@${self.name}`);
  return (said.direct || said.mentioned) && /^help[.!?]?$/i.test(text) ? helpText(`@${self.name}`) : undefined;
}

interface Speaker extends Place {
  readonly user: string;
  readonly direct: boolean;
  readonly inThread: boolean;
}

/** Runs an ops command said behind a mention. Acknowledged before it is done, since it may take longer than 3 s. */
async function runOps(speaker: Speaker, text: string, { client, hearing }: ListenDeps): Promise<void> {
  try {
    const asker = { platform: 'slack', id: speaker.user, roles: [], channel: speaker.channel } as const;
    const outcome = await hearing.runCommand(asker, { text });
    if (speaker.direct || outcome.visibility === 'channel') return await sayPublicly(speaker, outcome.text, client);
    // An ephemeral reply below a message that is no thread yet would be shown to nobody.
    const thread = speaker.inThread ? speaker.thread : undefined;
    await sayPrivately({ channel: speaker.channel, thread }, speaker.user, outcome.text, client);
  } catch (error) {
    hearing.log.error({ err: error }, 'The outcome of an ops command could not be shown');
  }
}
