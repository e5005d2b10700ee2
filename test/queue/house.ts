import type { Answer, AnswerMessage } from '../../src/chat/answer.ts';
import { createHistory } from '../../src/chat/history.ts';
import type { Message } from '../../src/chat/message.ts';
import { createLog } from '../../src/log.ts';
import { connect } from '../../src/queue/connection.ts';
import { createInbox, type Inbox } from '../../src/queue/inbox.ts';
import type { Replier } from '../../src/queue/replier.ts';
import { startWorker } from '../../src/queue/worker.ts';
import { privateRedis } from '../private-redis.ts';

export interface Post {
  readonly lane: string;
  readonly text: string;
  readonly key: string;
}

/** The queue's rooms on a Redis of their own, with a platform that only remembers what was posted to it. */
export async function startHouse(options: {
  readonly answer?: AnswerMessage;
  readonly post?: (post: Post, again: boolean) => void | Promise<void>;
  readonly workers?: number;
  readonly concurrency?: number;
}) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await privateRedis());
  const log = createLog('silent');
  const connection = (purpose: 'ask' | 'work') => {
    const client = connect(redis.url, purpose, log);
    stack.defer(() => client.disconnect());
    return client;
  };
  const inbox: Inbox = stack.use(createInbox({ redis: connection('ask'), log }));
  const posts: Post[] = [];
  const seen = new Set<string>();
  const replier: Replier = {
    platform: 'slack',
    parts: (text) => text.split('|'),
    async post(address, part, key, again) {
      const post = { lane: String(address.lane), text: part, key };
      if (again && seen.has(key)) return key;
      await options.post?.(post, again);
      seen.add(key);
      posts.push(post);
      return key;
    },
    working: async () => undefined,
    rested: async () => undefined,
  };
  const echo: AnswerMessage = async (message): Promise<Answer> => ({ text: `re: ${message.text}`, kind: 'answered' });
  const start = () => {
    const client = connection('work');
    return startWorker({
      redis: client,
      answer: options.answer ?? echo,
      history: createHistory({ redis: client }),
      repliers: new Map([['slack', replier]]),
      log,
      ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    });
  };
  for (let i = 0; i < (options.workers ?? 1); i++) stack.use(start());
  return {
    inbox,
    posts,
    redis,
    startWorker: () => stack.use(start()),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

let count = 0;
export function said(text: string, more: Partial<Message> & { readonly lane?: string } = {}): Message {
  const lane = more.lane ?? 'lane-a';
  count++;
  return {
    version: 1,
    id: `slack-m${count}`,
    platform: 'slack',
    lane,
    conversation: lane,
    person: `slack:${lane}`,
    direct: false,
    intent: 'ask',
    text,
    saidAt: Date.now(),
    address: { lane },
    ...more,
  };
}

/** Resolves once `check` holds; rejects with what it last said after `ms`. */
export async function until(check: () => boolean | Promise<boolean>, ms = 10_000): Promise<void> {
  const end = Date.now() + ms;
  while (!(await check())) {
    if (Date.now() > end) throw new Error(`Not so within ${ms} ms: ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
