import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGather } from '../../src/models/gather.ts';

const never = new AbortController().signal;

test('however askers come and go, each one that stays gets its own answer, and no request is too large or mixed', async () => {
  const asker = fc.record({ key: fc.constantFrom('a', 'b'), arrivesMs: fc.nat(12), leavesMs: fc.option(fc.nat(12)) });
  await fc.assert(
    fc.asyncProperty(fc.array(asker, { maxLength: 40 }), fc.integer({ min: 1, max: 3 }), async (askers, replicas) => {
      let underWay = 0;
      const ask = createGather<{ key: string; name: number }, string>({
        most: 5,
        inFlight: () => replicas,
        together: ({ key }) => key,
        async send(questions) {
          underWay++;
          expect(underWay).toBeLessThanOrEqual(replicas);
          expect(questions.length).toBeLessThanOrEqual(5);
          expect(new Set(questions.map(({ key }) => key)).size).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 2));
          underWay--;
          return questions.map(({ name }) =>
            name % 7 === 3 ? { error: new Error(`no ${name}`) } : { answer: `yes ${name}` },
          );
        },
      });
      const went = askers.map(async ({ key, arrivesMs, leavesMs }, name) => {
        const stop = new AbortController();
        if (leavesMs !== null) setTimeout(() => stop.abort(new Error(`left ${name}`)), leavesMs);
        await new Promise((resolve) => setTimeout(resolve, arrivesMs));
        return ask({ key, name }, stop.signal).catch((error: Error) => error.message);
      });
      for (const [name, outcome] of (await Promise.all(went)).entries()) {
        const own = name % 7 === 3 ? `no ${name}` : `yes ${name}`;
        expect(askers[name]?.leavesMs === null ? [own] : [own, `left ${name}`]).toContain(outcome);
      }
      await expect.poll(() => underWay, { interval: 1 }).toBe(0);
    }),
    { numRuns: 25 },
  );
});

test('a request that fails as a whole fails those in it and nobody else', async () => {
  let calls = 0;
  const ask = createGather<number, number>({
    most: 2,
    inFlight: () => 1,
    together: () => '',
    async send(questions) {
      if (++calls === 1) throw new Error('first');
      return questions.map((answer) => ({ answer }));
    },
  });
  const outcomes = await Promise.allSettled([1, 2, 3, 4].map((question) => ask(question, never)));
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled', 'fulfilled']);
});

test('more replicas are used as soon as they are there', async () => {
  let replicas = 1;
  let underWay = 0;
  let most = 0;
  const ask = createGather<number, number>({
    most: 1,
    inFlight: () => replicas,
    together: () => '',
    async send(questions) {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 5));
      underWay--;
      return questions.map((answer) => ({ answer }));
    },
  });
  await Promise.all([1, 2, 3].map((question) => ask(question, never)));
  expect(most).toBe(1);
  replicas = 3;
  await Promise.all([1, 2, 3].map((question) => ask(question, never)));
  expect(most).toBe(3);
});

test('an answer that is missing is an error of its asker, not a wait without end', async () => {
  const ask = createGather<number, number>({
    most: 2,
    inFlight: () => 1,
    together: () => '',
    send: async () => [{ answer: 1 }],
  });
  const outcomes = await Promise.allSettled([ask(1, never), ask(2, never)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
});
