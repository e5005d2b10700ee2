import { voice } from '../chat/voice.ts';
import { closest } from '../commands/closest.ts';

/** The verbs of `/yoda`, the same on every platform. */
export const talkVerbs = [
  { name: 'ask', summary: 'Say something to Yoda and have your words turned', argument: 'text' },
  { name: 'reset', summary: 'Have Yoda forget what was said in this conversation', argument: undefined },
  { name: 'help', summary: 'What Yoda does, and how to talk to him', argument: undefined },
] as const;

export type Talk =
  | { readonly verb: 'ask'; readonly text: string }
  | { readonly verb: 'reset' }
  | { readonly verb: 'help' }
  /** Words for the person instead: nothing to ask, or a verb that does not exist. */
  | { readonly verb: 'none'; readonly reply: string };

/** What a platform can do otherwise than most: absent means as on Slack. */
export interface HelpTraits {
  /** Slash commands also run inside threads. */
  readonly slashInThreads?: boolean;
  /** Yoda may read only what names him, so even his own threads need a mention. */
  readonly needsMention?: boolean;
}

/** What `/yoda help` says, in Markdown. `mention` is how people write Yoda's name on this platform. */
export function helpText(mention: string, { slashInThreads = false, needsMention = false }: HelpTraits = {}): string {
  const inThreads = needsMention ? 'also inside threads' : 'in a thread I take part in, no mention is needed';
  return [
    voice.introduction,
    '',
    `- Write to me directly, or mention ${mention} in a channel; ${inThreads}.`,
    '- `/yoda ask text` turns one sentence, `/yoda reset` makes me forget our talk, `/yoda help` shows this.',
    ...(slashInThreads ? [] : [`- Inside a thread slash commands do not run: write \`${mention} reset\` there.`]),
  ].join('\n');
}

/** Reads what stands behind `/yoda`, for platforms that hand over plain text. */
export function parseTalk(text: string): Talk {
  const [word = '', ...rest] = text.trim().split(/\s+/);
  const verb = word.toLowerCase();
  if (verb === '' || verb === 'help') return { verb: 'help' };
  if (verb === 'reset' && rest.length === 0) return { verb: 'reset' };
  if (verb === 'ask') {
    const question = text.trim().slice(word.length).trim();
    if (question === '')
      return { verb: 'none', reply: 'Ask what? Write the sentence behind it: `/yoda ask The force is strong.`' };
    return { verb: 'ask', text: question };
  }
  const guess = closest(
    verb,
    talkVerbs.map((known) => known.name),
  );
  const hint = guess === undefined ? '' : ` Did you mean \`/yoda ${guess}\`?`;
  return {
    verb: 'none',
    reply: `\`${word.replaceAll('`', '')}\` is not something /yoda can do.${hint} It knows \`ask\`, \`reset\` and \`help\`.`,
  };
}
