/**
 * Yoda in Discord. A message's journey:
 * gateway -> client.ts -> listen.ts (messages; read.ts) or slash.ts (commands; menu.ts) -> hearing.takeIn
 * and back, in whichever process works: format.ts -> reply.ts -> Discord's REST
 */
import type { Bot } from '../bot.ts';
import { type ConnectDeps, connect, type DiscordSettings } from './client.ts';
import { createReplier } from './reply.ts';

/** Builds the bot. Nothing is opened before `listen`: a worker uses the other half alone. */
export function createDiscordBot(settings: DiscordSettings, deps: Omit<ConnectDeps, 'hearing'>): Bot {
  return {
    ...createReplier(settings),
    listen: (hearing) => connect(settings, { ...deps, hearing }),
  };
}
