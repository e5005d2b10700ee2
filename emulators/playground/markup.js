import { element } from './element.js';

/*
 * Draws what Slack and Discord draw from a message's text, as far as chat needs it. Dialects: `mrkdwn` (Slack's own),
 * `blocks` (Markdown in Slack, which keeps &lt; and &gt; escaped) and `markdown` (Discord). Only the tags named here are ever made.
 */

/** Draws `text`; `names.person(id)` and `names.channel(id)` give the name of what is mentioned, `names.has(name)` knows people's. */
export function draw(text, dialect, names) {
  const fragment = document.createDocumentFragment();
  fragment.append(...blocks(text, { dialect, names, depth: 0 }));
  return fragment;
}

/** The text of a message in one short line, for quoting it. */
export function snippet(text, dialect, names) {
  const words = draw(text, dialect, names).textContent.replaceAll(/\s+/g, ' ').trim();
  return words.length > 90 ? `${words.slice(0, 88)}…` : words;
}

function blocks(text, scope) {
  const made = [];
  let from = 0;
  for (const fence of text.matchAll(/(`{3,5})([\s\S]*?)\1/g)) {
    made.push(...lines(text.slice(from, fence.index), scope));
    made.push(codeBlock(fence[2], scope));
    from = fence.index + fence[0].length;
  }
  made.push(...lines(text.slice(from), scope));
  return made;
}

function codeBlock(body, scope) {
  const code = scope.dialect === 'mrkdwn' ? body : body.replace(/^[\w+-]*\n/, '');
  return element('pre', { tabindex: '0' }, element('code', {}, plain(code.replace(/^\n|\n$/g, ''), scope)));
}

const never = /(?!)/;

/** A line's kind decides its block; neighbours of one kind share a block. */
const kinds = {
  heading: { markdown: /^#{1,3}\s+(.*)$/, mrkdwn: never },
  small: { markdown: /^-#\s+(.*)$/, mrkdwn: never },
  quote: { markdown: /^\s*(?:>|&gt;)\s?(.*)$/, mrkdwn: /^(?:>|&gt;)\s?(.*)$/ },
  bullet: { markdown: /^(\s*)[-*+]\s+(.*)$/, mrkdwn: /^(\s*)[•◦]\s+(.*)$/ },
  number: { markdown: /^(\s*)(\d{1,9})[.)]\s+(.*)$/, mrkdwn: /^(\s*)(\d{1,9})[.)]\s+(.*)$/ },
};

function lines(text, scope) {
  const flavour = scope.dialect === 'mrkdwn' ? 'mrkdwn' : 'markdown';
  const groups = [];
  for (const line of text.split('\n')) {
    const kind =
      line.trim() === '' ? 'blank' : (Object.keys(kinds).find((name) => kinds[name][flavour].test(line)) ?? 'words');
    const found = kinds[kind]?.[flavour].exec(line) ?? [line, line];
    const last = groups.at(-1);
    if (last?.kind === kind && kind !== 'heading') last.found.push(found);
    else groups.push({ kind, found: [found] });
  }
  return groups.filter((group) => group.kind !== 'blank').map((group) => block(group, scope));
}

function block({ kind, found }, scope) {
  const rest = found.map((line) => line.at(-1));
  if (kind === 'heading') return element('p', { class: 'heading' }, ...inline(rest[0], scope));
  if (kind === 'small') return element('p', { class: 'small' }, ...joined(rest, scope));
  if (kind === 'quote') {
    const inner = { ...scope, depth: scope.depth + 1 };
    return element('blockquote', {}, ...(inner.depth > 3 ? joined(rest, scope) : lines(rest.join('\n'), inner)));
  }
  if (kind === 'bullet' || kind === 'number') {
    const start = kind === 'number' ? found[0][2] : undefined;
    const items = found.map(([, indent, ...tail]) =>
      element('li', { class: indent.length > 1 ? 'deep' : undefined }, ...inline(tail.at(-1), scope)),
    );
    return element(kind === 'number' ? 'ol' : 'ul', { start }, ...items);
  }
  return element('p', {}, ...joined(rest, scope));
}

function joined(texts, scope) {
  return texts.flatMap((text, index) => [...(index === 0 ? [] : [element('br')]), ...inline(text, scope)]);
}

/*
 * What can stand inside a line. Each pattern is tried where its first letter is found; spans are bounded at 2,000
 * characters, so that a page full of asterisks costs no more than its length.
 */
const wrapping = (tag) => (found, scope) => element(tag, {}, ...inline(found[1], deeper(scope)));
const code = (found, scope) => element('code', {}, plain(found.at(-1), scope));
const bare = [/https?:\/\/[^\s<>"'`|]+[^\s<>"'`|.,:;!?)\]*_~]/y, (found, scope) => link(found[0], found[0], scope)];
const emoji = [/:([a-z0-9_+-]{2,40}):/y, (found) => emojis[found[1]] ?? found[0]];
const mention = [/<@[!&]?(\w{1,40})(?:\|[^>\n]{0,80})?>/y, (found, scope) => pill(`@${scope.names.person(found[1])}`)];
const channel = [/<#(\w{1,40})(?:\|[^>\n]{0,80})?>/y, (found, scope) => pill(`#${scope.names.channel(found[1])}`)];
const named = [/(?<!\w)@(\w{1,40})/y, (found, scope) => (scope.names.has(found[1]) ? pill(found[0]) : found[0])];
const shared = [mention, channel, named, emoji, bare];
const rules = {
  mrkdwn: [
    [/`([^`\n]{1,2000})`/y, code],
    [
      /<(https?:\/\/[^|>\s]{1,2000})(?:\|([^>\n]{0,500}))?>/y,
      (found, scope) => link(found[1], found[2] || found[1], scope),
    ],
    [/<!(here|channel|everyone)(?:\|[^>\n]{0,80})?>/y, (found) => pill(`@${found[1]}`)],
    [/(?<![\w*])\*(?=[^\s*])([^*\n]{1,2000}?)(?<!\s)\*(?![\w*])/y, wrapping('strong')],
    [/(?<!\w)_(?=[^\s_])([^_\n]{1,2000}?)(?<!\s)_(?!\w)/y, wrapping('em')],
    [/(?<!\w)~(?=[^\s~])([^~\n]{1,2000}?)(?<!\s)~(?!\w)/y, wrapping('s')],
    ...shared,
  ],
  markdown: [
    [/\\([\\`*_~>#|[\]()<@:.!+-])/y, (found) => found[1]],
    [/(`{1,2})([^\n]{1,2000}?)(?<!`)\1(?!`)/y, code],
    [/\[([^\]\n]{1,500})\]\((https?:\/\/[^\s)]{1,2000})\)/y, (found, scope) => link(found[2], found[1], scope)],
    [/<(https?:\/\/[^>\s]{1,2000})>/y, (found, scope) => link(found[1], found[1], scope)],
    [/<a?:(\w{2,40}):\d{1,20}>/y, (found) => `:${found[1]}:`],
    [/\*\*(?=\*?[^\s*])([^\n]{1,2000}?)(?<!\s)\*\*(?!\*)/y, wrapping('strong')],
    [/__(?=_?[^\s_])([^\n]{1,2000}?)(?<!\s)__(?!_)/y, wrapping('u')],
    [/~~(?=[^\s~])([^\n]{1,2000}?)(?<!\s)~~/y, wrapping('s')],
    [/\*(?=[^\s*])([^*\n]{1,2000}?)(?<!\s)\*/y, wrapping('em')],
    [/(?<!\w)_(?=[^\s_])([^_\n]{1,2000}?)(?<!\s)_(?!\w)/y, wrapping('em')],
    ...shared,
  ],
};
const firstLetters = /[`<*_~\\[:@h]/g;

function deeper(scope) {
  return { ...scope, depth: scope.depth + 1 };
}

function inline(text, scope) {
  if (scope.depth > 8) return [plain(text, scope)];
  const made = [];
  let words = '';
  let at = 0;
  while (at < text.length) {
    firstLetters.lastIndex = at;
    const next = firstLetters.exec(text)?.index ?? text.length;
    words += text.slice(at, next);
    at = next;
    const hit = ruleAt(text, at, scope);
    if (hit === undefined) {
      words += text.slice(at, at + 1);
      at += 1;
    } else {
      const [found, make] = hit;
      made.push(plain(words, scope), make(found, scope));
      words = '';
      at += found[0].length;
    }
  }
  return [...made, plain(words, scope)].filter((part) => part !== '');
}

function ruleAt(text, at, scope) {
  for (const [pattern, make] of rules[scope.dialect === 'mrkdwn' ? 'mrkdwn' : 'markdown']) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found !== null) return [found, make];
  }
  return undefined;
}

/** Undoes Slack's three entities; Discord has none. */
function plain(text, scope) {
  if (scope.dialect === 'markdown') return text;
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** A link when its address is one of the web, otherwise its words. */
function link(address, label, scope) {
  const words = plain(label, scope);
  const url = URL.parse(plain(address, scope));
  if (url === null || !['http:', 'https:'].includes(url.protocol)) return words;
  return element(
    'a',
    { href: url.href, title: url.href, target: '_blank', rel: 'noopener noreferrer nofollow' },
    words,
  );
}

function pill(words) {
  return element('span', { class: 'mention' }, words);
}

const emojis = {
  '+1': '👍',
  thumbsup: '👍',
  '-1': '👎',
  eyes: '👀',
  wave: '👋',
  pray: '🙏',
  clap: '👏',
  fire: '🔥',
  rocket: '🚀',
  tada: '🎉',
  sparkles: '✨',
  star: '⭐',
  heart: '❤️',
  green_heart: '💚',
  white_check_mark: '✅',
  heavy_check_mark: '✔️',
  x: '❌',
  no_entry: '⛔',
  warning: '⚠️',
  rotating_light: '🚨',
  information_source: 'ℹ️',
  hourglass: '⌛',
  hourglass_flowing_sand: '⏳',
  stopwatch: '⏱️',
  lock: '🔒',
  unlock: '🔓',
  bulb: '💡',
  memo: '📝',
  mag: '🔍',
  bug: '🐛',
  gear: '⚙️',
  package: '📦',
  robot_face: '🤖',
  seedling: '🌱',
  leaves: '🍃',
  frog: '🐸',
  smile: '😄',
  grin: '😁',
  joy: '😂',
  wink: '😉',
  thinking_face: '🤔',
  slightly_smiling_face: '🙂',
  cry: '😢',
  point_right: '👉',
  arrow_right: '➡️',
  large_green_circle: '🟢',
  large_yellow_circle: '🟡',
  red_circle: '🔴',
  white_circle: '⚪',
  crossed_swords: '⚔️',
};

/** A reaction as a sign: `eyes`, `:eyes:` or the sign itself. */
export function reactionSign(reaction) {
  const name = reaction.replaceAll(':', '');
  return emojis[name] ?? (/^[\w+-]+$/.test(name) ? `:${name}:` : reaction);
}
