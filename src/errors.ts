import { randomBytes } from 'node:crypto';

/** Words for the person who asked: says what is wrong and what to do. Never retried, never logged as a fault. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** A fault that can pass (a timeout, 429, 5xx, a dropped connection): the work may be tried again. */
export class TransientError extends Error {
  override readonly name = 'TransientError';
  /** How long the other side asked us to wait, in milliseconds; absent when it did not say. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A short reference that a person can quote and an operator can grep in the log, for example `k3v9-2mtc`. */
export function reference(): string {
  const alphabet = 'abcdefghjkmnpqrstvwxyz23456789';
  const letters = Array.from(randomBytes(8), (byte) => alphabet[byte % alphabet.length]).join('');
  return `${letters.slice(0, 4)}-${letters.slice(4)}`;
}
