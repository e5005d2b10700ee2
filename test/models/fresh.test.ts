import { expect, test } from 'vitest';
import { createLog } from '../../src/log.ts';
import { createFresh } from '../../src/models/fresh.ts';

/** Loads 1, 2, 3 …; `fails` makes the next loadings fail; `clock.now` is the time. */
function numbered(maxAgeMs = 1000) {
  const lines: string[] = [];
  const state = { loads: 0, fails: 0, now: 0, lines };
  const log = createLog('warn', { write: (line) => void lines.push(line) });
  const load = async () => {
    state.loads++;
    if (state.fails-- > 0) throw new Error('away');
    return state.loads;
  };
  return { state, fresh: createFresh({ name: 'The number', maxAgeMs, load }, { log, now: () => state.now }) };
}

test('many first callers share one loading', async () => {
  const { state, fresh } = numbered();
  expect(await Promise.all([fresh.current(), fresh.current(), fresh.current()])).toEqual([1, 1, 1]);
  expect(state.loads).toBe(1);
});

test('a value that has grown old is given at once and loaded anew behind it, once for each age', async () => {
  const { state, fresh } = numbered();
  await fresh.current();
  state.now = 999;
  await fresh.current();
  expect(state.loads).toBe(1);
  state.now = 1000;
  expect([await fresh.current(), await fresh.current()]).toEqual([1, expect.any(Number)]);
  await expect.poll(() => fresh.current()).toBe(2);
  expect(state.loads).toBe(2);
});

test('a loading that fails later leaves the old value, is logged, and is not repeated at every call', async () => {
  const { state, fresh } = numbered();
  await fresh.current();
  state.fails = 1;
  state.now = 1000;
  for (let call = 0; call < 5; call++) expect(await fresh.current()).toBe(1);
  expect([state.loads, state.lines.length]).toEqual([2, 1]);
  state.now = 2000;
  await fresh.current();
  await expect.poll(() => fresh.current()).toBe(3);
});

test('a first loading that fails is tried again at the next call', async () => {
  const { state, fresh } = numbered();
  state.fails = 1;
  await expect(fresh.current()).rejects.toThrow('away');
  expect(await fresh.current()).toBe(2);
});

test('what was forgotten is waited for', async () => {
  const { fresh } = numbered();
  await fresh.current();
  fresh.forget();
  expect(await fresh.current()).toBe(2);
});
