import type { Call, Route } from '../core/server.ts';
import { unknownGuild, unknownUser } from './errors.ts';
import { gatewayUrl } from './gateway.ts';
import { channelPayload, guildPayload, memberPayload, userPayload } from './payloads.ts';
import type { Store } from './store.ts';
import { guildId, yoda } from './world.ts';

/** Who the bot is, where its gateway stands, and who is in the guild. */
export function guildRoutes(store: Store): Route[] {
  const application = { id: yoda.id, name: yoda.name, icon: null, description: '', bot_public: false, flags: 0 };
  return [
    {
      method: 'GET',
      path: '/gateway/bot',
      handle: (call) => ({
        body: {
          url: gatewayUrl(call.headers),
          shards: 1,
          session_start_limit: { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 },
        },
      }),
    },
    { method: 'GET', path: '/users/@me', handle: () => ({ body: userPayload(yoda) }) },
    { method: 'GET', path: '/users/:user', handle: (call) => ({ body: userPayload(personOf(call, store)) }) },
    { method: 'GET', path: '/applications/@me', handle: () => ({ body: { ...application, bot: userPayload(yoda) } }) },
    { method: 'GET', path: '/guilds/:guild', handle: (call) => ({ body: inGuild(call, guildPayload(store)) }) },
    {
      method: 'GET',
      path: '/guilds/:guild/channels',
      handle(call) {
        const texts = store.channels().filter(({ kind }) => kind === 'text');
        return {
          body: inGuild(
            call,
            texts.map((channel) => channelPayload(channel, store)),
          ),
        };
      },
    },
    {
      method: 'GET',
      path: '/guilds/:guild/members/:user',
      handle(call) {
        const person = inGuild(call, personOf(call, store));
        return { body: { ...memberPayload(person), user: userPayload(person) } };
      },
    },
  ];
}

function personOf(call: Call, store: Store) {
  const person = store.person(call.params.user ?? '');
  if (person === undefined) throw unknownUser();
  return person;
}

function inGuild<T>(call: Call, value: T): T {
  if (call.params.guild !== guildId) throw unknownGuild();
  return value;
}
