import { REST } from 'discord.js';
import { type DiscordEmulator, type DiscordOptions, startDiscord } from '../../../emulators/discord/discord.ts';

/** Obviously no token of anybody's. */
export const token = 'an-emulated-token';

export interface WithRest extends AsyncDisposable {
  readonly discord: DiscordEmulator;
  readonly rest: REST;
}

/** An emulated Discord and the real client's REST half, which waits for nothing and tries nothing again. */
export async function startWithRest(options: Partial<DiscordOptions> = {}): Promise<WithRest> {
  const discord = await startDiscord({ token, ...options });
  const rest = new REST({ api: discord.apiUrl, version: '10', retries: 0, rejectOnRateLimit: () => true });
  rest.setToken(token);
  return { discord, rest, [Symbol.asyncDispose]: () => discord[Symbol.asyncDispose]() };
}
