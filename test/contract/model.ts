import { describe, expect, test } from 'vitest';
import type { Model } from '../../src/models/model.ts';

/** What stands behind the model while a test runs. */
interface ModelBehind {
  /** Answers every prompt with `echo(prompt)`, after this many milliseconds. */
  echo(delayMs?: number): void;
  /** Lets every request fail as one does that can pass. */
  fail(): void;
  /** Refuses prompts that hold this word, and answers the others. */
  refuse(word: string): void;
}

export interface ModelUnderTest extends AsyncDisposable {
  readonly model: Model;
  readonly behind: ModelBehind;
}

const echo = (prompt: string): string => `${prompt}, hmm.`;

const parameters = { max_new_tokens: 16, temperature: 0 };

/** What every `Model` keeps, whatever stands behind it. */
export function modelContract(name: string, start: () => Promise<ModelUnderTest>): void {
  const ask = (model: Model, prompt: string, signal = new AbortController().signal) =>
    model({ prompt, parameters, signal });

  describe(`The contract of models: ${name}`, () => {
    test('a prompt gets its own answer, and the version that gave it', async () => {
      await using tested = await start();
      tested.behind.echo();
      const answer = await ask(tested.model, 'Strong the force is');
      expect(answer).toMatchObject({ text: echo('Strong the force is'), finishReason: 'stop' });
      expect(answer.modelVersion).toMatch(/^[^@\s]+@[^@\s]+$/);
    });

    test('many prompts at once get each their own answer', async () => {
      await using tested = await start();
      tested.behind.echo(5);
      const prompts = Array.from({ length: 40 }, (_, number) => `prompt ${number} 🦉`);
      const answers = await Promise.all(prompts.map((prompt) => ask(tested.model, prompt)));
      expect(answers.map(({ text }) => text)).toEqual(prompts.map(echo));
    });

    test('what can pass is a TransientError, and the next prompt is answered', async () => {
      await using tested = await start();
      tested.behind.fail();
      await expect(ask(tested.model, 'a')).rejects.toMatchObject({ name: 'TransientError' });
      tested.behind.echo();
      await expect(ask(tested.model, 'b')).resolves.toMatchObject({ text: echo('b') });
    });

    test('a refused prompt is refused for good, and takes no other with it', async () => {
      await using tested = await start();
      tested.behind.refuse('forbidden');
      const asked = ['one', 'forbidden', 'three'].map((prompt) => ask(tested.model, prompt));
      const [one, refused, three] = await Promise.allSettled(asked);
      expect([one, three]).toMatchObject([{ value: { text: echo('one') } }, { value: { text: echo('three') } }]);
      expect(refused).toMatchObject({ status: 'rejected', reason: { name: 'RefusedByModel' } });
    });

    test('who aborts is let go at once with the reason, and the others are answered', async () => {
      await using tested = await start();
      tested.behind.echo(200);
      const stop = new AbortController();
      const kept = ask(tested.model, 'kept');
      const left = ask(tested.model, 'left', stop.signal);
      const reason = new Error('gone');
      setTimeout(() => stop.abort(reason), 20);
      const started = Date.now();
      await expect(left).rejects.toBe(reason);
      expect(Date.now() - started).toBeLessThan(150);
      await expect(kept).resolves.toMatchObject({ text: echo('kept') });
      await expect(ask(tested.model, 'late', stop.signal)).rejects.toBe(reason);
    });

    test('half of a surrogate pair in one prompt spoils no other', async () => {
      await using tested = await start();
      tested.behind.echo();
      const [broken, whole] = await Promise.all([ask(tested.model, 'a \ud83e'), ask(tested.model, 'b')]);
      expect([broken.text, whole.text]).toEqual([echo('a \ufffd'), echo('b')]);
    });
  });
}
