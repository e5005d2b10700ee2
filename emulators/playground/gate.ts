import type { IncomingMessage } from 'node:http';

/** Why a request is turned away, or undefined when it may come in. */
export interface Refusal {
  readonly status: 403 | 415 | 421;
  readonly words: string;
}

/**
 * Keeps other web pages out. Whoever may post here acts as Leia, who is an admin, and any page that the same browser
 * has open can send requests to 127.0.0.1: so a foreign name that resolves to this machine (DNS rebinding) is turned
 * away by its Host, and a foreign page by the Origin that browsers put on every POST.
 */
export function refuse(request: Pick<IncomingMessage, 'method' | 'headers'>): Refusal | undefined {
  const { host = '', origin, 'content-type': type = '' } = request.headers;
  if (!/^(127\.0\.0\.1|localhost|\[::1\])(:\d{1,5})?$/i.test(host))
    return { status: 421, words: 'The playground answers to 127.0.0.1 and localhost only.' };
  if (request.method !== 'POST') return undefined;
  if (origin !== `http://${host}`)
    return {
      status: 403,
      words: 'Only the playground itself may act here: the Origin header must be its own address.',
    };
  if (!/^application\/json\s*(;|$)/i.test(type))
    return { status: 415, words: 'An action is sent as application/json.' };
  return undefined;
}

/** What the page may load: its own files, nothing else; and nobody may put it into a frame and lend it their clicks. */
export const pageHeaders = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
} as const;
