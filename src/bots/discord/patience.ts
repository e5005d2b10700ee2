import { setTimeout } from 'node:timers/promises';
import { createLines, type Lines } from '../lines.ts';

/** A minute in all: longer than a restart of Redis takes, and about as long as people wait before they write again. */
const usualDelaysMs = [100, 200, 500, 1000, 2000, 4000, 8000, 15_000, 30_000];

/**
 * Lines whose acts are done again until they succeed or patience ends, with the last fault. Discord sends nothing twice:
 * what Redis does not take now has to be offered to it again from here, and behind it, in the same order, whatever was
 * said in the same place since.
 */
export function createPatience(delaysMs: readonly number[] = usualDelaysMs): Lines {
  const lines = createLines();

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

  return (line, act) => lines(line, () => patiently(act));
}
