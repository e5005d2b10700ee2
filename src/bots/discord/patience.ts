import { setTimeout } from 'node:timers/promises';

/** A minute in all: longer than a restart of Redis takes, and about as long as people wait before they write again. */
const usualDelaysMs = [100, 200, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

/** Does the acts of one line one after the other, each again and again until it succeeds or patience ends. */
export type Patience = <Result>(line: string, act: () => Promise<Result>) => Promise<Result>;

/**
 * Discord sends nothing twice: what Redis does not take now has to be offered to it again from here, and behind it, in
 * the same order, whatever was said in the same place since. Rejects with the last fault.
 */
export function createPatience(delaysMs: readonly number[] = usualDelaysMs): Patience {
  const lines = new Map<string, Promise<unknown>>();

  async function patiently<Result>(act: () => Promise<Result>): Promise<Result> {
    for (const delayMs of delaysMs) {
      try {
        return await act();
      } catch {
        await setTimeout(delayMs);
      }
    }
    return act();
  }

  return async (line, act) => {
    const before = lines.get(line) ?? Promise.resolve();
    const mine = before.catch(() => undefined).then(() => patiently(act));
    lines.set(line, mine);
    try {
      return await mine;
    } finally {
      if (lines.get(line) === mine) lines.delete(line);
    }
  };
}
