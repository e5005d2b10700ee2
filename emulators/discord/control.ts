import { z } from 'zod';
import type { Route } from '../core/server.ts';
import type { Commands } from './commands.ts';
import type { Gateway } from './gateway.ts';
import type { Store } from './store.ts';
import type { Visitor } from './visitor.ts';

export interface Controls {
  readonly store: Store;
  readonly gateway: Gateway;
  readonly visitor: Visitor;
  readonly commands: Commands;
  readonly revokeToken: () => void;
}

const saying = z.object({ person: z.string(), channel: z.string(), content: z.string() });
const replying = saying.extend({ message: z.string(), ping: z.boolean().optional() });
const direct = z.object({ person: z.string(), content: z.string() });
const clicking = z.object({ person: z.string(), channel: z.string(), message: z.string(), button: z.string() });
const closing = z.object({ code: z.int(), reason: z.string().default('') });
const disturbing = z.object({
  t: z.string().optional(),
  times: z.int().default(1),
  delayMs: z.number().optional(),
  duplicate: z.boolean().optional(),
});

/** Our addition: what people and networks do, over HTTP. The same things are functions of the emulator. */
export function controlRoutes({ store, gateway, visitor, commands, revokeToken }: Controls): Route[] {
  const route = (method: 'GET' | 'POST', name: string, act: (body: unknown) => unknown): Route => ({
    method,
    path: `/_emu/${name}`,
    async handle(call) {
      try {
        const body = await act(call.body.length === 0 ? {} : call.json());
        return body === undefined ? { status: 204 } : { body };
      } catch (error) {
        return { status: 400, body: { message: error instanceof Error ? error.message : String(error) } };
      }
    },
  });
  const post = <S extends z.ZodType>(name: string, schema: S, act: (asked: z.output<S>) => unknown): Route =>
    route('POST', name, (body) => act(schema.parse(body)));
  const nothing = z.unknown();

  return [
    post('say', saying, ({ person, channel, content }) => visitor.say(person, channel, content).message),
    post(
      'reply',
      replying,
      ({ person, channel, message, content, ping }) => visitor.reply(person, channel, message, content, ping).message,
    ),
    post('dm', direct, ({ person, content }) => visitor.dm(person, content).message),
    post('slash', saying, async ({ person, channel, content }) => {
      const { id, original } = await visitor.slash(person, channel, content);
      return { id, message: original?.message ?? null };
    }),
    post('click', clicking, async ({ person, channel, message, button }) => {
      const { id } = await visitor.click(person, channel, message, button);
      return { id };
    }),
    post('gateway/drop', nothing, () => gateway.drop()),
    post('gateway/reconnect', nothing, () => gateway.reconnect()),
    post('gateway/invalidate', nothing, () => gateway.invalidate()),
    post('gateway/close', closing, ({ code, reason }) => gateway.close(code, reason)),
    post('gateway/mute', z.object({ muted: z.boolean() }), ({ muted }) => gateway.mute(muted)),
    post('gateway/disturb', disturbing, ({ times, t, delayMs, duplicate }) =>
      gateway.disturb({
        times,
        ...(t === undefined ? {} : { t }),
        ...(delayMs === undefined ? {} : { delayMs }),
        ...(duplicate === undefined ? {} : { duplicate }),
      }),
    ),
    post('token/revoke', nothing, revokeToken),
    route('GET', 'transcript', () => transcript(store)),
    route('GET', 'state', () => ({
      connected: gateway.connected(),
      ...gateway.counts(),
      commands: commands.list(),
      commandWrites: commands.writes(),
    })),
  ];
}

/** Every message in the order in which it was said, with each content it had and who alone sees it. */
export function transcript(store: Store) {
  return store
    .channels()
    .flatMap(({ id }) => store.messagesIn(id))
    .map(({ message, contents, onlyFor }) => ({ message, contents, onlyFor: onlyFor ?? null }))
    .sort((a, b) => (BigInt(a.message.id) < BigInt(b.message.id) ? -1 : 1));
}
