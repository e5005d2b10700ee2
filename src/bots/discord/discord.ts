/**
 * Yoda in Discord. A message's journey:
 * gateway -> client.ts -> listen.ts (messages; read.ts) or slash.ts (commands; menu.ts) -> hearing.takeIn
 * and back, in whichever process works: format.ts -> reply.ts -> Discord's REST
 */
import type { Log } from '../../log.ts';
import type { Bot } from '../bot.ts';
import { connect, type DiscordSettings } from './client.ts';
import type { OpsMenu } from './menu.ts';
import { createReplier } from './reply.ts';

/** Builds the bot. Nothing is opened before `listen`: a worker uses the other half alone. */
export function createDiscordBot(
  settings: DiscordSettings,
  deps: { readonly log: Log; readonly opsMenu: OpsMenu },
): Bot {
  return {
    ...createReplier(settings),
    listen: (hearing) => connect(settings, { hearing, log: deps.log, opsMenu: deps.opsMenu }),
  };
}
