import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Bot, Hearing, Listening } from '../../src/bots/bot.ts';
import type { Message } from '../../src/chat/message.ts';
import type { Asker } from '../../src/commands/command.ts';
import type { Request } from '../../src/commands/run.ts';
import { TransientError } from '../../src/errors.ts';
import { createLog } from '../../src/log.ts';

/** In what the platforms themselves differ; a promise that a platform cannot ask for is no test of it. */
interface Traits {
  /** Whether the platform sends an event again that was not acknowledged. */
  readonly redelivers: boolean;
  /** Whether people can type any word behind a slash command; a platform with menus lets nobody mistype a verb. */
  readonly freeVerbs: boolean;
}

/** A bot beside the emulator of its platform, in words that fit every platform. */
export interface BotUnderTest extends AsyncDisposable {
  /** Not listening yet. */
  readonly bot: Bot;
  /** The platform's id of the person who speaks here. */
  readonly person: string;
  /** The longest post that the platform takes, in UTF-16 units. */
  readonly postLimit: number;
  /** Somebody says something; `mention` puts Yoda's mention before the text. */
  say(speech: Speech): Promise<void>;
  /** The person types a whole slash command line, in the channel. Never rejects: what goes wrong is shown to the person. */
  type(line: string): Promise<void>;
  /** The platform delivers its latest message event once more. */
  redeliver(): Promise<void>;
  /** Message events that the bot has acknowledged; always empty where the platform does not redeliver. */
  acknowledged(): readonly string[];
  /** What the bot posted for all to see, oldest first. */
  posts(): readonly Post[];
  /** Everything that the person reads from the bot, ephemeral words included, oldest first. */
  shown(): readonly string[];
  /** Whether the person sees that Yoda is at work. */
  busy(): boolean;
  /** Turns a part back into what a reader sees: the platform's escapes undone. */
  asRead(part: string): string;
  readonly faults: {
    /** The next post arrives, but its answer is lost. */
    loseNextAnswer(): void;
    /** The next post is refused with a 429. */
    limitNextPost(retryAfterMs: number): void;
    /** The next post is answered with a 500 and not stored. */
    breakNextPost(): void;
  };
}

interface Speech {
  readonly by: 'person' | 'another bot' | 'Yoda himself';
  readonly where: 'direct' | 'channel';
  readonly mention?: boolean;
  readonly text: string;
}

interface Post {
  readonly id: string;
  readonly text: string;
  /** Whom the platform notified because of it; names of people, roles and broadcasts. */
  readonly pinged: readonly string[];
}

/** A hearing that keeps what it hears, deduplicates by id as the inbox does, and can be told to fail. */
export interface RecordingHearing extends Hearing {
  /** Each stored message once. */
  readonly heard: Message[];
  /** Every call, duplicates included. */
  readonly calls: Message[];
  readonly asked: { readonly asker: Asker; readonly request: Request }[];
  /** While set, `takeIn` waits for it. */
  gate: Promise<void> | undefined;
}

/** Like the real one, but in memory. */
function createMemoryOnce(): Hearing['once'] {
  const done = new Set<string>();
  return async (id, act) => {
    if (done.has(id)) return;
    done.add(id);
    try {
      await act();
    } catch (error) {
      done.delete(id);
      throw error;
    }
  };
}

export function recordingHearing(): RecordingHearing {
  const heard: Message[] = [];
  const calls: Message[] = [];
  const asked: { asker: Asker; request: Request }[] = [];
  const notes = new Map<string, string>();
  const hearing: RecordingHearing = {
    heard,
    calls,
    asked,
    gate: undefined,
    takeIn: async (message) => {
      calls.push(message);
      await hearing.gate;
      if (!heard.some((known) => known.id === message.id)) heard.push(message);
    },
    once: createMemoryOnce(),
    takesPart: async () => false,
    runCommand: async (asker, request) => {
      asked.push({ asker, request });
      return { text: 'Deployed it is.', visibility: 'asker' };
    },
    notes: {
      get: async (key) => notes.get(key) ?? null,
      set: async (key, value) => void notes.set(key, value),
    },
    log: createLog('silent'),
  };
  return hearing;
}

const patient = { timeout: 5000, interval: 10 };
const aMoment = () => new Promise((resolve) => setTimeout(resolve, 80));

/** What every Bot keeps, whatever platform stands behind it. `start` gives a bot that is not listening yet. */
export function botContract(name: string, traits: Traits, start: () => Promise<BotUnderTest>): void {
  describe(`${name} keeps the contract of every bot`, () => {
    let it: BotUnderTest;
    let hearing: RecordingHearing;
    let listening: Listening;

    beforeEach(async () => {
      it = await start();
      hearing = recordingHearing();
      listening = await it.bot.listen(hearing);
    });

    afterEach(async () => {
      await listening[Symbol.asyncDispose]();
      await it[Symbol.asyncDispose]();
    });

    /** The one message that `speech` becomes. */
    async function hear(speech: Omit<Speech, 'by'>): Promise<Message> {
      const before = hearing.heard.length;
      await it.say({ by: 'person', ...speech });
      await expect.poll(() => hearing.heard.length, patient).toBe(before + 1);
      const message = hearing.heard.at(-1);
      if (message === undefined) throw new Error('Nothing was heard.');
      return message;
    }

    test('a direct message becomes one message from the person whom the platform names', async () => {
      const message = await hear({ where: 'direct', text: 'The force is strong.' });
      await aMoment();
      expect(hearing.heard).toHaveLength(1);
      expect(message).toMatchObject({
        version: 1,
        platform: it.bot.platform,
        person: `${it.bot.platform}:${it.person}`,
        direct: true,
        intent: 'ask',
        text: 'The force is strong.',
      });
      expect(Math.abs(message.saidAt - Date.now())).toBeLessThan(10_000);
    });

    test('a mention becomes one message without the mention', async () => {
      const message = await hear({ where: 'channel', mention: true, text: 'You must not fear it.' });
      await aMoment();
      expect(hearing.heard).toHaveLength(1);
      expect(message).toMatchObject({ direct: false, intent: 'ask', text: 'You must not fear it.' });
    });

    test('signs that the platform escapes arrive as they were typed', async () => {
      const message = await hear({ where: 'direct', text: 'If a < b & b > c, then 1 &lt; 2.' });
      expect(message.text).toBe('If a < b & b > c, then 1 &lt; 2.');
    });

    test('two messages in one place share a lane, a direct talk and a channel do not', async () => {
      const first = await hear({ where: 'direct', text: 'One.' });
      const second = await hear({ where: 'direct', text: 'Two.' });
      const third = await hear({ where: 'channel', mention: true, text: 'Three.' });
      expect(second.lane).toBe(first.lane);
      expect(second.id).not.toBe(first.id);
      expect(third.lane).not.toBe(first.lane);
    });

    test('talk in a channel without a mention is not heard', async () => {
      await it.say({ by: 'person', where: 'channel', text: 'Nobody asked Yoda.' });
      await hear({ where: 'direct', text: 'But now I do.' });
      await aMoment();
      expect(hearing.heard.map(({ text }) => text)).toEqual(['But now I do.']);
    });

    test('other bots and Yoda himself are not heard', async () => {
      await it.say({ by: 'another bot', where: 'channel', mention: true, text: 'Beep.' });
      await it.say({ by: 'Yoda himself', where: 'direct', text: 'Talk to myself I do.' });
      await hear({ where: 'direct', text: 'A person speaks.' });
      await aMoment();
      expect(hearing.heard.map(({ text }) => text)).toEqual(['A person speaks.']);
    });

    test('a mention followed by reset asks for the conversation to be forgotten', async () => {
      const message = await hear({ where: 'channel', mention: true, text: 'reset' });
      expect(message.intent).toBe('reset');
    });

    test('a mention followed by help is answered at once and bothers no model', async () => {
      await it.say({ by: 'person', where: 'channel', mention: true, text: 'help' });
      await expect.poll(() => it.shown().join('\n'), patient).toContain('Yoda I am.');
      expect(hearing.heard).toEqual([]);
    });

    if (traits.redelivers) {
      test('the platform is not told "received" before the message is stored', async () => {
        const gate = Promise.withResolvers<void>();
        hearing.gate = gate.promise;
        await it.say({ by: 'person', where: 'direct', text: 'Wait for it.' });
        await expect.poll(() => hearing.calls.length, patient).toBe(1);
        await aMoment();
        expect(it.acknowledged()).toEqual([]);
        gate.resolve();
        await expect.poll(() => it.acknowledged().length, patient).toBe(1);
      });
    }

    if (traits.redelivers) {
      test('a message that could not be stored is sent again by the platform and heard then', async () => {
        const gate = Promise.withResolvers<void>();
        hearing.gate = gate.promise;
        await it.say({ by: 'person', where: 'direct', text: 'Redis is away.' });
        await expect.poll(() => hearing.calls.length, patient).toBe(1);
        hearing.gate = undefined;
        gate.reject(new Error('Redis is away'));
        await expect.poll(() => hearing.heard.map(({ text }) => text), patient).toEqual(['Redis is away.']);
        expect(new Set(hearing.calls.map(({ id }) => id)).size).toBe(1);
      });
    }

    test('an event that is delivered twice has the same id', async () => {
      await hear({ where: 'channel', mention: true, text: 'Only once.' });
      const before = hearing.calls.length;
      await it.redeliver();
      await expect.poll(() => hearing.calls.length, patient).toBeGreaterThan(before);
      expect(new Set(hearing.calls.map(({ id }) => id)).size).toBe(1);
    });

    test('a long answer is cut without loss, within the limit, and always the same way', () => {
      const sentence = 'Much to learn, you <still> have & a *star* | a `tick` _too_. ';
      const text = sentence.repeat(900).trim();
      const parts = it.bot.parts(text);
      expect(parts.length).toBeGreaterThan(1);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(it.postLimit);
      expect(parts.map((part) => it.asRead(part)).join('')).toBe(text);
      expect(it.bot.parts(text)).toEqual(parts);
    });

    test('an answer made of signs that grow when escaped stays within the limit', () => {
      const text = '<>&'.repeat(9000);
      const parts = it.bot.parts(text);
      expect(Math.max(...parts.map((part) => part.length))).toBeLessThanOrEqual(it.postLimit);
      expect(parts.map((part) => it.asRead(part)).join('')).toBe(text);
    });

    test('an answer with nothing in it gives no posts', () => {
      expect(it.bot.parts('')).toEqual([]);
      expect(it.bot.parts(' \n ')).toEqual([]);
    });

    test('an answer is posted where the question was asked', async () => {
      const { address } = await hear({ where: 'direct', text: 'Where are you?' });
      const id = await it.bot.post(address, 'Here I am.', 'key-1', false);
      expect(it.posts()).toEqual([{ id, text: 'Here I am.', pinged: [] }]);
    });

    test('what the model says pings nobody', async () => {
      const { address } = await hear({ where: 'channel', mention: true, text: 'Call them all.' });
      const text = `<!channel> <!here> <!everyone> @everyone @here @channel <@${it.person}> <@!${it.person}> <@&1> <#1> <!subteam^S1|@ops>`;
      for (const [index, part] of it.bot.parts(text).entries())
        await it.bot.post(address, part, `ping-${index}`, false);
      expect(it.posts().length).toBeGreaterThan(0);
      expect(it.posts().flatMap(({ pinged }) => pinged)).toEqual([]);
    });

    test('a post whose answer was lost is found again and not repeated', async () => {
      const { address } = await hear({ where: 'channel', mention: true, text: 'Say it once.' });
      it.faults.loseNextAnswer();
      await expect(it.bot.post(address, 'Once I say it.', 'key-7:0', false)).rejects.toBeInstanceOf(TransientError);
      expect(it.posts()).toHaveLength(1);
      const id = await it.bot.post(address, 'Once I say it.', 'key-7:0', true);
      expect(it.posts().map((post) => post.id)).toEqual([id]);
    });

    test('a post that never arrived is made when it is tried again', async () => {
      const { address } = await hear({ where: 'direct', text: 'Try.' });
      it.faults.breakNextPost();
      await expect(it.bot.post(address, 'Do.', 'key-8:0', false)).rejects.toBeInstanceOf(TransientError);
      expect(it.posts()).toEqual([]);
      const id = await it.bot.post(address, 'Do.', 'key-8:0', true);
      expect(it.posts().map((post) => post.id)).toEqual([id]);
    });

    test('the same words under another key are another post', async () => {
      const { address } = await hear({ where: 'direct', text: 'Twice.' });
      await it.bot.post(address, 'Hmm.', 'key-9:0', false);
      await it.bot.post(address, 'Hmm.', 'key-10:0', true);
      expect(it.posts()).toHaveLength(2);
    });

    test('a rate limit comes back with the wait that the platform asks for', async () => {
      const { address } = await hear({ where: 'direct', text: 'Quick.' });
      it.faults.limitNextPost(3000);
      await expect(it.bot.post(address, 'Patience.', 'key-2', false)).rejects.toMatchObject({
        name: 'TransientError',
        retryAfterMs: 3000,
      });
      expect(it.posts()).toEqual([]);
    });

    test('an ops command carries the asker whom the platform names, and its outcome is shown', async () => {
      await it.type('/yoda-ops status');
      await expect.poll(() => it.shown().join('\n'), patient).toContain('Deployed it is.');
      expect(hearing.asked).toHaveLength(1);
      expect(hearing.asked[0]?.asker).toMatchObject({ platform: it.bot.platform, id: it.person });
    });

    test('an ops command works behind a mention too, once', async () => {
      await it.say({ by: 'person', where: 'channel', mention: true, text: 'ops status' });
      await expect.poll(() => it.shown().join('\n'), patient).toContain('Deployed it is.');
      await aMoment();
      expect(hearing.asked.map(({ request }) => request)).toEqual([{ text: 'status' }]);
      expect(hearing.asked[0]?.asker).toMatchObject({ platform: it.bot.platform, id: it.person });
      expect(hearing.heard).toEqual([]);
    });

    test('/yoda ask becomes a message that can be answered', async () => {
      await it.type('/yoda ask The sky is blue.');
      await expect.poll(() => hearing.heard.length, patient).toBe(1);
      const [message] = hearing.heard;
      if (message === undefined) throw new Error('Nothing was heard.');
      expect(message).toMatchObject({ intent: 'ask', text: 'The sky is blue.' });
      await it.bot.post(message.address, 'Blue the sky is.', 'key-3', false);
      await expect.poll(() => it.shown().join('\n'), patient).toContain('Blue the sky is.');
    });

    test('/yoda help is answered to the one who asked', async () => {
      await it.type('/yoda help');
      await expect.poll(() => it.shown().join('\n'), patient).toContain('Yoda I am.');
      expect(it.posts()).toEqual([]);
    });

    if (traits.freeVerbs) {
      test('a mistyped verb is answered with the one that is near', async () => {
        await it.type('/yoda rset');
        await expect.poll(() => it.shown().join('\n'), patient).toContain('Did you mean `/yoda reset`?');
        expect(hearing.heard).toEqual([]);
      });
    }

    test('the sign of work shows and goes', async () => {
      const { address } = await hear({ where: 'direct', text: 'Think.' });
      await it.bot.working(address);
      expect(it.busy()).toBe(true);
      await it.bot.post(address, 'Thought I have.', 'key-4', false);
      await it.bot.rested(address);
      expect(it.busy()).toBe(false);
    });

    test('a closed bot hears nothing more, but can still answer', async () => {
      const { address } = await hear({ where: 'direct', text: 'Before.' });
      await listening[Symbol.asyncDispose]();
      await it.say({ by: 'person', where: 'direct', text: 'After.' });
      await aMoment();
      expect(hearing.heard.map(({ text }) => text)).toEqual(['Before.']);
      await it.bot.post(address, 'Late but here.', 'key-5', false);
      expect(it.posts()).toHaveLength(1);
    });

    test('closing waits for a message that is being stored, and takes in no other', async () => {
      const gate = Promise.withResolvers<void>();
      hearing.gate = gate.promise;
      await it.say({ by: 'person', where: 'direct', text: 'Hold on.' });
      await expect.poll(() => hearing.calls.length, patient).toBe(1);
      let closed = false;
      const closing = listening[Symbol.asyncDispose]().then(() => {
        closed = true;
      });
      await it.say({ by: 'person', where: 'direct', text: 'Too late.' });
      await aMoment();
      expect(closed).toBe(false);
      gate.resolve();
      await closing;
      expect(hearing.calls.map(({ text }) => text)).toEqual(['Hold on.']);
      expect(hearing.heard).toHaveLength(1);
    });

    test('closing twice is harmless', async () => {
      await listening[Symbol.asyncDispose]();
      await listening[Symbol.asyncDispose]();
      expect(await Promise.race([listening.ended, Promise.resolve('still open to the reader')])).toBe(
        'still open to the reader',
      );
    });
  });
}
