import { startDiscord } from '../../../emulators/discord/discord.ts';
import { botId, generalId, leiaId } from '../../../emulators/discord/world.ts';
import { createDiscordBot } from '../../../src/bots/discord/discord.ts';
import { createLog } from '../../../src/log.ts';
import { type BotUnderTest, botContract } from '../../contract/bot.ts';
import { opsMenu, token } from './yoda.ts';

const artooId = '1180000000000000013';

async function start(): Promise<BotUnderTest> {
  const { people } = await import('../../../emulators/discord/world.ts');
  const artoo = { id: artooId, username: 'artoo', name: 'Artoo', roles: [], bot: true };
  const discord = await startDiscord({ token, people: [...people, artoo] });
  const settings = { token, apiUrl: discord.apiUrl, messageContent: true };
  const bot = createDiscordBot(settings, { log: createLog('silent'), opsMenu });
  const speakers = { person: leiaId, 'another bot': artooId, 'Yoda himself': botId };
  const said = () => discord.transcript().filter(({ message }) => message.author.id === botId);
  const direct = discord.store.directChannel(leiaId).id;
  let typed: Promise<unknown> = Promise.resolve();
  const post = '^/api/v10/channels/\\d+/messages$';
  return {
    bot,
    person: leiaId,
    postLimit: 2000,
    async say({ by, where, mention, text }) {
      const content = mention === true ? `<@${botId}> ${text}` : text;
      discord.say(speakers[by], where === 'direct' ? direct : generalId, content);
    },
    async type(line) {
      typed = discord.slash(leiaId, generalId, line).catch(() => undefined);
      await typed;
    },
    async redeliver() {
      const latest = discord.store.messagesIn(generalId).at(-1) ?? discord.store.messagesIn(direct).at(-1);
      const channel = discord.store.channel(latest?.message.channel_id ?? '');
      if (latest === undefined || channel === undefined) throw new Error('Nothing was said yet.');
      discord.store.publish({ t: 'MESSAGE_CREATE', entry: latest, channel });
    },
    acknowledged: () => [],
    posts: () =>
      said()
        .filter(({ onlyFor }) => onlyFor === null)
        .map(({ message }) => ({
          id: message.id,
          text: message.content,
          pinged: [
            ...message.mentions.map(({ username }) => username),
            ...message.mention_roles,
            ...(message.mention_everyone ? ['everyone'] : []),
          ],
        })),
    shown: () =>
      said()
        .filter(({ onlyFor }) => onlyFor === null || onlyFor === leiaId)
        .map(({ message }) => message.content),
    busy: () => discord.scene.view(leiaId).signs.length > 0,
    asRead: (part) => part.replaceAll('\u200b', ''),
    faults: {
      loseNextAnswer: () => discord.faults.add({ method: 'POST', path: post, drop: 'after', times: 1 }),
      limitNextPost: (retryAfterMs) =>
        discord.faults.add({
          method: 'POST',
          path: post,
          times: 1,
          status: 429,
          headers: { 'retry-after': String(retryAfterMs / 1000), 'x-ratelimit-scope': 'user' },
          body: { message: 'You are being rate limited.', retry_after: retryAfterMs / 1000, global: false },
        }),
      breakNextPost: () => discord.faults.add({ method: 'POST', path: post, times: 1, status: 500 }),
    },
    async [Symbol.asyncDispose]() {
      await discord[Symbol.asyncDispose]();
    },
  };
}

botContract('Discord', { redelivers: false, freeVerbs: false }, start);
