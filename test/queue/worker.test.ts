import { describe, expect, test } from 'vitest';
import { TransientError } from '../../src/errors.ts';
import { triesInAll, triesInLane } from '../../src/queue/inbox.ts';
import { delayMs } from '../../src/queue/worker.ts';

const tries = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('the waits between tries', () => {
  test('grow, are never the same twice, and leave room for all tries of a lane within two minutes', () => {
    for (let round = 0; round < 200; round++) {
      const waits = tries(1, triesInLane).map((count) => delayMs(count, undefined));
      expect(waits).toEqual(waits.toSorted((a, b) => a - b));
      expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(60_000);
    }
    expect(new Set(tries(0, 50).map(() => delayMs(3, undefined))).size).toBeGreaterThan(10);
  });

  test('are never shorter than what the other side asked for', () => {
    expect(delayMs(1, new TransientError('429', { retryAfterMs: 30_000 }))).toBe(30_000);
    expect(delayMs(4, new TransientError('429', { retryAfterMs: 10 }))).toBeGreaterThan(10_000);
  });

  test('of a late delivery cover about nine hours, at most about an hour apart', () => {
    const waits = tries(triesInLane, triesInAll).map((count) => delayMs(count, undefined));
    const hours = waits.reduce((sum, wait) => sum + wait, 0) / 3_600_000;
    expect(Math.max(...waits)).toBeLessThanOrEqual(75 * 60_000);
    expect(hours).toBeGreaterThan(6);
    expect(hours).toBeLessThan(14);
  });
});
