import { DiscordAPIError, DiscordjsError, DiscordjsErrorCodes, HTTPError, RateLimitError } from 'discord.js';
import { TransientError } from '../../errors.ts';

/** Gateway close codes that no reconnect mends (docs: gateway close event codes), in words that say what does. */
export const closeWords: Readonly<Record<number, string>> = {
  4004: 'Discord refuses the bot token. Reset it in the developer portal (your application, Bot, Reset Token) and set DISCORD_TOKEN.',
  4013: 'Discord does not know one of the intents that this bot asks for.',
  4014: 'Discord does not let this bot read message content. Switch "Message Content Intent" on in the developer portal (your application, Bot, Privileged Gateway Intents), or set the bot to run without it.',
};

/** The words for refused credentials, or undefined when the fault is another one. */
export function refusalWords(error: unknown): string | undefined {
  const words = error instanceof Error ? error.message : '';
  const badToken = error instanceof DiscordjsError && error.code === DiscordjsErrorCodes.TokenInvalid;
  if (badToken || (error instanceof DiscordAPIError && error.status === 401)) return closeWords[4004];
  if (/authentication failed/i.test(words)) return closeWords[4004];
  if (/disallowed intents/i.test(words)) return closeWords[4014];
  return /invalid intents/i.test(words) ? closeWords[4013] : undefined;
}

/** Discord's JSON error code of a refused call, or undefined when it was no such refusal. */
export function codeOf(error: unknown): number | undefined {
  return error instanceof DiscordAPIError ? Number(error.code) : undefined;
}

/** Turns what discord.js throws into a `TransientError` where the fault can pass; anything else stays what it is. */
export function asFault(error: unknown, doing: string): unknown {
  if (error instanceof TransientError) return error;
  if (error instanceof RateLimitError)
    return new TransientError(`Discord's rate limit was hit while ${doing}.`, {
      cause: error,
      retryAfterMs: Math.ceil(Math.max(error.timeToReset, error.retryAfter)),
    });
  if (error instanceof HTTPError && error.status >= 500)
    return new TransientError(`Discord answered ${error.status} while ${doing}.`, { cause: error });
  if (error instanceof DiscordAPIError && error.status >= 500)
    return new TransientError(`Discord answered ${error.status} while ${doing}.`, { cause: error });
  if (isConnectionFault(error))
    return new TransientError(`The connection to Discord broke while ${doing}.`, { cause: error });
  return error;
}

/** Timeouts, refused and broken connections: undici and node name them by code, an abort by name. */
function isConnectionFault(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DiscordAPIError || error instanceof HTTPError) return false;
  if (error.name === 'AbortError' || error.name === 'TimeoutError' || error.message === 'fetch failed') return true;
  return 'code' in error && /^(E[A-Z]+|UND_ERR_\w+)$/.test(String(error.code));
}
