import type { Call, Reply, Route } from '../core/server.ts';

export interface Limit {
  readonly limit: number;
  readonly perMs: number;
}

/**
 * Limits per route and its major id. Discord publishes no numbers; five messages or edits in 5 s in a channel and five
 * calls in 2 s on a webhook are what clients observe. Every other route gets `usual`.
 */
export const usualLimits: Readonly<Record<string, Limit>> = {
  usual: { limit: 50, perMs: 1_000 },
  'POST /channels/:channel/messages': { limit: 5, perMs: 5_000 },
  'PATCH /channels/:channel/messages/:message': { limit: 5, perMs: 5_000 },
  'POST /channels/:channel/typing': { limit: 5, perMs: 5_000 },
  'POST /webhooks/:application/:token': { limit: 5, perMs: 2_000 },
  'PATCH /webhooks/:application/:token/messages/:message': { limit: 5, perMs: 2_000 },
};

/** Discord's limit for one bot over all routes but those of interactions (docs: rate limits). */
export const globalLimit: Limit = { limit: 50, perMs: 1_000 };

interface Window {
  left: number;
  resetsAt: number;
}

/** Wraps a route so that it counts its calls, says so in headers, and answers 429 when there are too many. */
export function createLimiter(limits: Readonly<Record<string, Limit>>, overall: Limit) {
  const windows = new Map<string, Window>();

  function use(key: string, { limit, perMs }: Limit): Window & { readonly allowed: boolean } {
    const now = Date.now();
    const known = windows.get(key);
    const window = known !== undefined && known.resetsAt > now ? known : { left: limit, resetsAt: now + perMs };
    windows.set(key, window);
    const allowed = window.left > 0;
    if (allowed) window.left--;
    return { ...window, allowed };
  }

  return function limited(route: Route, name: string): Route {
    const limit = limits[name] ?? limits.usual ?? { limit: 50, perMs: 1_000 };
    const bucket = Buffer.from(name).toString('hex').slice(0, 32);
    const counted = !name.includes('/interactions/') && !name.includes('/webhooks/');
    const handle = async (call: Call): Promise<Reply> => {
      if (counted) {
        const all = use('global', overall);
        if (!all.allowed) return tooMany(all.resetsAt, true, {});
      }
      const window = use(`${name} ${majorId(call)}`, limit);
      const headers = headersOf(window, limit, bucket);
      if (!window.allowed) return tooMany(window.resetsAt, false, headers);
      const reply = await route.handle(call);
      return { ...reply, headers: { ...headers, ...reply.headers } };
    };
    return { ...route, handle };
  };
}

function majorId({ params }: Call): string {
  return params.channel ?? params.guild ?? params.token ?? params.interaction ?? '';
}

function headersOf(window: Window, limit: Limit, bucket: string): Record<string, string> {
  return {
    'x-ratelimit-limit': String(limit.limit),
    'x-ratelimit-remaining': String(window.left),
    'x-ratelimit-reset': (window.resetsAt / 1000).toFixed(3),
    'x-ratelimit-reset-after': secondsUntil(window.resetsAt).toFixed(3),
    'x-ratelimit-bucket': bucket,
  };
}

function tooMany(resetsAt: number, global: boolean, headers: Record<string, string>): Reply {
  const seconds = secondsUntil(resetsAt);
  return {
    status: 429,
    headers: {
      ...headers,
      'retry-after': String(Math.ceil(seconds)),
      'x-ratelimit-scope': global ? 'global' : 'user',
      ...(global ? { 'x-ratelimit-global': 'true' } : {}),
    },
    body: { message: 'You are being rate limited.', retry_after: seconds, global },
  };
}

function secondsUntil(atMs: number): number {
  return Math.max(0, atMs - Date.now()) / 1000;
}
