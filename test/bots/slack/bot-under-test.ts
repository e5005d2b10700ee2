import { type SlackEmulator, type SlackOptions, startSlack } from '../../../emulators/slack/slack.ts';
import { artoo, general, leia, yoda } from '../../../emulators/slack/world.ts';
import { freePort } from '../../../scripts/redis.ts';
import { createSlackBot, type SlackSettings } from '../../../src/bots/slack/slack.ts';
import { createLog } from '../../../src/log.ts';
import { type BotUnderTest, recordingHearing } from '../../contract/bot.ts';
import { credentials, manifest } from '../../emulators/slack/workspace.ts';

type Mode = 'socket' | 'http';

interface SlackUnderTest extends BotUnderTest {
  readonly slack: SlackEmulator;
  readonly settings: SlackSettings;
}

const hurried = { ackTimeoutMs: 1000, retryDelaysMs: [20, 20, 20] };

/** The Slack bot beside its emulator, which redelivers in milliseconds. */
export async function startBotUnderTest(mode: Mode, options: Partial<SlackOptions> = {}): Promise<SlackUnderTest> {
  const port = await freePort();
  const slack = await startSlack({
    ...credentials,
    manifest,
    ...hurried,
    ...(mode === 'http' ? { eventsUrl: `http://127.0.0.1:${port}/slack/events` } : {}),
    ...options,
  });
  const { botToken, appToken, signingSecret } = credentials;
  const way = mode === 'http' ? { signingSecret } : { appToken };
  const settings = { botToken, ...way, apiUrl: slack.apiUrl, port, host: '127.0.0.1' };
  const refused: string[] = [];
  const isAnswer = '/api/chat\\.postMessage';
  return {
    slack,
    settings,
    bot: createSlackBot(settings, { log: createLog('silent') }),
    person: leia.id,
    postLimit: 12_000,
    async say({ by, where, mention = false, text }) {
      const channel = where === 'direct' ? leia.direct : general.id;
      const typed = mention ? `@Yoda ${text}` : text;
      if (by === 'Yoda himself') await postAsYoda(slack, channel, typed);
      else await slack.say(by === 'person' ? leia.id : artoo.user, channel, typed);
    },
    async type(line) {
      await slack.command(leia.id, general.id, line).catch((error: unknown) => refused.push(String(error)));
    },
    redeliver: async () => slack.redeliver(),
    acknowledged: () => slack.deliveries().flatMap(({ eventId, acknowledged }) => (acknowledged ? eventId : [])),
    posts: () =>
      slack
        .transcript()
        .filter(({ bot, ephemeralTo }) => bot === yoda.bot && ephemeralTo === undefined)
        .map(({ ts, shown, pinged }) => ({ id: ts, text: asRead(shown), pinged })),
    shown: () => [
      ...slack.scene.view(leia.id).messages.flatMap(({ author, text }) => (author.id === yoda.user ? text : [])),
      ...refused,
    ],
    busy: () => slack.scene.view(leia.id).signs.length > 0,
    asRead,
    faults: {
      loseNextAnswer: () => slack.faults.add({ path: isAnswer, drop: 'after', times: 1 }),
      limitNextPost: (retryAfterMs) =>
        slack.faults.add({
          path: isAnswer,
          status: 429,
          times: 1,
          headers: { 'retry-after': String(retryAfterMs / 1000) },
          body: { ok: false, error: 'ratelimited' },
        }),
      breakNextPost: () => slack.faults.add({ path: isAnswer, status: 500, times: 1, body: 'oops' }),
    },
    [Symbol.asyncDispose]: () => slack[Symbol.asyncDispose](),
  };
}

const asRead = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>');

async function postAsYoda(slack: SlackEmulator, channel: string, text: string): Promise<void> {
  await call(slack, 'chat.postMessage', { channel, text });
}

/** One Web API call, as a form with the bot's token. */
export async function call(slack: SlackEmulator, method: string, values: Record<string, string>): Promise<unknown> {
  const response = await fetch(slack.apiUrl + method, {
    method: 'POST',
    headers: { authorization: `Bearer ${credentials.botToken}` },
    body: new URLSearchParams(values),
  });
  return await response.json();
}

export const soon = { timeout: 5000, interval: 10 };
export const aMoment = () => new Promise((resolve) => setTimeout(resolve, 100));

/** A listening bot, what it heard, and a way to see what a person sees. */
export async function listening(mode: Mode = 'socket', options: Partial<SlackOptions> = {}) {
  const it = await startBotUnderTest(mode, options);
  const lines: string[] = [];
  const hearing = { ...recordingHearing(), log: createLog('debug', { write: (line) => lines.push(line) }) };
  const listener = await it.bot.listen(hearing);
  return {
    ...it,
    hearing,
    listener,
    lines,
    texts: () => hearing.heard.map(({ text }) => text),
    sees: (person: string) => it.slack.scene.view(person).messages.map(({ text }) => text),
    [Symbol.asyncDispose]: async () => {
      await listener[Symbol.asyncDispose]();
      await it[Symbol.asyncDispose]();
    },
  };
}
