import { split } from '../../chat/split.ts';

/** The most that Slack takes in the markdown blocks of one message (docs.slack.dev/reference/block-kit/blocks/markdown-block). */
const mostMarkdown = 12_000;
/** Beside blocks, `text` is what notifications show; Slack recommends at most 4,000 (docs: chat.postMessage). */
const mostFallback = 4000;

/**
 * Cuts an answer into texts for one markdown block each. Escaping makes a text up to four times as long, so the cuts
 * are made in the unescaped text, smaller until every piece fits: no cut can fall into an entity.
 */
export function markdownParts(text: string): readonly string[] {
  for (const limit of [mostMarkdown, mostMarkdown * 0.75, mostMarkdown / 2]) {
    const parts = partsCutAt(text, limit);
    if (parts.every((part) => part.length <= mostMarkdown)) return parts;
  }
  return partsCutAt(text, mostMarkdown / 4);
}

function partsCutAt(text: string, limit: number): readonly string[] {
  return split(text, limit)
    .map(escapeMarkdown)
    .filter((part) => part.trim() !== '');
}

/**
 * Slack reads `<!channel>`, `<@U…>` and `<url|label>` in Markdown too, so no `<` may stay; a `&` may, because
 * entities are not read as tokens again.
 */
function escapeMarkdown(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** The same for mrkdwn, where `&` counts too (docs.slack.dev/messaging/formatting-message-text, "Escaping text"). */
export function escapeMrkdwn(text: string): string {
  return escapeMarkdown(text.replaceAll('&', '&amp;'));
}

/** What a notification shows of an answer that stands in a block. */
export function fallback(part: string): string {
  return cutShort(part.replace(/&(?!lt;|gt;)/g, '&amp;'), mostFallback);
}

/** At most `most` UTF-16 units, with an ellipsis where something was cut; neither an entity nor a pair is cut in two. */
export function cutShort(text: string, most: number): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most - 1).replace(/&\w{0,4}$|[\uD800-\uDBFF]$/, '')}…`;
}

const token = /<([^<>]*)>/g;

/** The ids of the people whom a message mentions. */
export function mentionedPeople(text: string): readonly string[] {
  return [...text.matchAll(/<@([UW][A-Z0-9]+)(?:\|[^>]*)?>/g)].flatMap(([, id]) => id ?? []);
}

/**
 * Turns Slack's form of a message back into what was typed: the bot's own mention goes, other mentions become names,
 * links their text, entities their signs.
 */
export function readable(text: string, self: string, names: ReadonlyMap<string, string>): string {
  return text
    .replace(new RegExp(` ?<@${self}(?:\\|[^>]*)?>[:,]? ?`, 'g'), ' ')
    .replace(token, (_, inside: string) => named(inside, names))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .trim();
}

function named(inside: string, names: ReadonlyMap<string, string>): string {
  const [target = '', label] = inside.split('|', 2);
  const id = target.slice(1);
  if (target.startsWith('@')) return `@${names.get(id) ?? (label || id)}`;
  if (target.startsWith('#')) return `#${label || id}`;
  if (target.startsWith('!subteam')) return label || '@group';
  if (target.startsWith('!date')) return label ?? '';
  if (target.startsWith('!')) return `@${id}`;
  return label ?? target.replace(/^mailto:|^tel:/, '');
}
