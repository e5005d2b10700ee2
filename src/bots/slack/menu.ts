import type { App } from '@slack/bolt';
import { z } from 'zod';
import type { Message } from '../../chat/message.ts';
import { voice } from '../../chat/voice.ts';
import { helpText, parseTalk } from '../talk.ts';
import { readable } from './format.ts';
import type { ListenDeps } from './listen.ts';
import type { SlackAddress } from './reply.ts';
import { privateWords, sayToCommand } from './say.ts';

const commandSchema = z.object({
  team_id: z.string(),
  channel_id: z.string(),
  user_id: z.string(),
  user_name: z.string().default(''),
  text: z.string().default(''),
  trigger_id: z.string(),
  response_url: z.url(),
});

type Command = z.infer<typeof commandSchema>;

/** Slack shows the person an error when a command is not acknowledged within 3 s; words come before that. */
const storeWithinMs = 2500;

/** Answers `/yoda` and `/yoda-ops`. Slack sends a command once, so what fails is said to the person at once. */
export function addCommands(app: App, deps: ListenDeps): void {
  app.command('/yoda', async ({ command: raw, ack }) => {
    const command = commandSchema.parse(raw);
    const talk = parseTalk(typed(command, deps));
    if (talk.verb === 'help') return await ack(privateWords(helpText(`@${deps.self.name}`)));
    if (talk.verb === 'none') return await ack(privateWords(talk.reply));
    const stored = await within(storeWithinMs, deps.hearing.takeIn(messageOf(command, talk)));
    if (!stored) return await ack(privateWords(voice.notStored));
    // Shows everyone in the channel what was asked, so that the answer stands below its question.
    await ack({ response_type: 'in_channel' });
  });

  app.command('/yoda-ops', async ({ command: raw, ack }) => {
    const command = commandSchema.parse(raw);
    // An ops command may take longer than 3 s; its outcome comes through the response_url.
    await ack();
    void deps.inFlight.track(runOps(command, deps));
  });
}

const typed = (command: Command, { self }: ListenDeps) => readable(command.text, self.user, new Map());

function messageOf(command: Command, talk: { verb: 'ask'; text: string } | { verb: 'reset' }): Message {
  const { team_id: team, channel_id: channel, user_id: user } = command;
  const now = Date.now();
  const quote = `${command.user_name}: ${talk.verb === 'ask' ? talk.text : '/yoda reset'}`;
  // A minute earlier, in case our clock is ahead of Slack's.
  const since = (now / 1000 - 60).toFixed(6);
  const address = { channel, since, quote, responseUrl: command.response_url } satisfies SlackAddress;
  // A slash command knows no thread: what a person asks this way in one place is one conversation.
  const conversation = `slack:${team}:${channel}:${user}`;
  return {
    version: 1,
    id: `slack-command-${command.trigger_id.replace(/[^\w.-]/g, '').slice(0, 100)}`,
    platform: 'slack',
    lane: conversation,
    conversation,
    person: `slack:${user}`,
    direct: false,
    intent: talk.verb,
    text: talk.verb === 'ask' ? talk.text : '',
    saidAt: now,
    address,
  };
}

async function runOps(command: Command, deps: ListenDeps): Promise<void> {
  const { client, hearing } = deps;
  try {
    const asker = { platform: 'slack', id: command.user_id, roles: [], channel: command.channel_id } as const;
    const outcome = await hearing.runCommand(asker, { text: typed(command, deps) });
    await sayToCommand({ channel: command.channel_id, responseUrl: command.response_url }, outcome, client);
  } catch (error) {
    hearing.log.error({ err: error }, 'The outcome of an ops command could not be shown');
  }
}

/** Whether the work was done in time. What is late goes on, and its failure is nobody's any more. */
async function within(ms: number, work: Promise<void>): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  const done = work.then(
    () => true,
    () => false,
  );
  const inTime = await Promise.race([done, late.promise]);
  clearTimeout(timer);
  return inTime;
}
