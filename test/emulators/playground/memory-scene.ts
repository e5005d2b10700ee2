import type { Action, Scene, View, ViewMessage } from '../../../emulators/core/scene.ts';

/** A chat platform that exists only in this process: enough of one to see the page at work. */
export interface MemoryScene extends Scene {
  /** Everything that people did, in order. */
  readonly done: readonly { readonly person: string; readonly action: Action }[];
  /** Puts a message in; what is left out has a plain default. `seenBy` keeps it from everybody else. */
  post(
    message: Partial<ViewMessage> & { readonly channel: string; readonly text: string },
    seenBy?: string,
  ): ViewMessage;
  change(id: string, change: Partial<ViewMessage>): void;
  sign(sign: View['signs'][number]): void;
  clearSigns(): void;
}

interface Options {
  readonly name: Scene['name'];
  /** Yoda answers when this resolves. */
  readonly think?: () => Promise<void>;
}

const worlds = {
  Slack: {
    leia: 'U0LEIA0001',
    luke: 'U0LUKE0002',
    yoda: 'U0YODA0003',
    general: 'C0GENERAL1',
    council: 'C0COUNCIL2',
    format: 'mrkdwn',
  },
  Discord: {
    leia: '1100000000000000001',
    luke: '1100000000000000002',
    yoda: '1100000000000000003',
    general: '2200000000000000001',
    council: '2200000000000000002',
    format: 'markdown',
  },
} as const;

export const idsOf = (name: Scene['name']) => worlds[name];

const commands = [
  { name: '/yoda ask', summary: 'Say something to Yoda and have your words turned' },
  { name: '/yoda reset', summary: 'Have Yoda forget what was said in this conversation' },
  { name: '/yoda help', summary: 'What Yoda does, and how to talk to him' },
  { name: '/yoda-ops status', summary: 'Which model version answers, and how it does' },
  { name: '/yoda-ops traffic', summary: 'Shift traffic to a version' },
];

export function createMemoryScene({ name, think = async () => {} }: Options): MemoryScene {
  const ids = worlds[name];
  const people = [
    { id: ids.leia, name: 'Leia', title: 'Admin' },
    { id: ids.luke, name: 'Luke', title: 'Member' },
  ];
  const yoda = { id: ids.yoda, name: 'Yoda', bot: true };
  const listeners = new Set<() => void>();
  const stored: { message: ViewMessage; seenBy: string | undefined }[] = [];
  const done: { person: string; action: Action }[] = [];
  let signs: View['signs'] = [];
  let count = 0;
  const tell = () => {
    for (const listener of listeners) listener();
  };
  const direct = (person: string) => `D-${person}`;
  const author = (person: string) => ({
    id: person,
    name: people.find(({ id }) => id === person)?.name ?? 'Yoda',
    bot: false,
  });

  function post(message: Partial<ViewMessage> & { channel: string; text: string }, seenBy?: string): ViewMessage {
    count += 1;
    const whole: ViewMessage = {
      id: `m${count}`,
      author: yoda,
      format: ids.format,
      at: Date.now(),
      ephemeral: seenBy !== undefined,
      edited: false,
      buttons: [],
      reactions: [],
      ...message,
    };
    stored.push({ message: whole, seenBy });
    tell();
    return whole;
  }

  function change(id: string, changed: Partial<ViewMessage>): void {
    const entry = stored.find(({ message }) => message.id === id);
    if (entry === undefined) throw new Error(`There is no message ${id}.`);
    entry.message = { ...entry.message, edited: true, ...changed };
    tell();
  }

  /** Slack answers in the thread of the question, Discord with a reply. */
  async function answer(question: ViewMessage): Promise<void> {
    const thread = name === 'Slack' ? { thread: question.thread ?? question.id } : {};
    signs = [...signs, { channel: question.channel, ...thread, text: 'Yoda is thinking…' }];
    tell();
    await think();
    signs = signs.filter((sign) => sign.channel !== question.channel);
    const turned = question.text.replaceAll(/<@\w+>\s*/g, '');
    const place = name === 'Slack' ? thread : { repliesTo: question.id };
    post({ channel: question.channel, ...place, text: `Heard I have: ${turned}` });
  }

  function command(person: string, channel: string, text: string): void {
    if (text.startsWith('/yoda help')) post({ channel, text: 'Your words I turn.' }, person);
    else if (text.startsWith('/yoda-ops traffic'))
      post({
        channel,
        text: name === 'Slack' ? '*Shift 50 % to version 3?*' : '**Shift 50 % to version 3?**',
        buttons: [
          { id: 'approve', label: 'Approve', style: 'primary' },
          { id: 'cancel', label: 'Cancel', style: 'danger' },
        ],
      });
    else throw new Error(`${text.split(' ')[0]} is not a valid command.`);
  }

  return {
    name,
    done,
    post,
    change,
    sign(sign) {
      signs = [...signs, sign];
      tell();
    },
    clearSigns() {
      signs = [];
      tell();
    },
    view: (person) => ({
      people,
      channels: [
        { id: ids.general, name: 'general', kind: 'channel' },
        { id: ids.council, name: 'jedi-council', kind: 'channel' },
        { id: direct(person), name: 'Yoda', kind: 'direct' },
      ],
      messages: stored
        .filter(({ seenBy }) => seenBy === undefined || seenBy === person)
        .map(({ message }) => message)
        .filter(({ channel }) => !channel.startsWith('D-') || channel === direct(person)),
      signs,
      commands,
      mention: `<@${ids.yoda}>`,
    }),
    async act(person, action) {
      done.push({ person, action });
      if (action.kind === 'command') return command(person, action.channel, action.text);
      if (action.kind === 'click') {
        if (person !== ids.leia) throw new Error('Only an admin may approve this.');
        return change(action.message, { text: `Done it is, ${author(person).name} approved.`, buttons: [] });
      }
      const { kind: _, ...said } = action;
      const message = post({ ...said, author: author(person) });
      const heard =
        action.text.includes(`<@${ids.yoda}>`) || action.channel.startsWith('D-') || action.thread !== undefined;
      if (heard) void answer(message);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
