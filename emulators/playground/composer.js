import { element } from './element.js';
import { createSuggestions } from './suggestions.js';

const examples = [
  'The droids are hidden in my ship.',
  'You should never skip breakfast.',
  'I will repair the old engine tomorrow.',
];

/**
 * Where the visitor writes. `act(action)` resolves when the platform took it and rejects with the words that its client
 * shows. Drafts stay with their channel and person.
 */
export function createComposer({ root, platform, act }) {
  const find = (selector) => root.querySelector(selector);
  const textarea = find('textarea');
  const drafts = new Map();
  const suggestions = createSuggestions({ list: find('.suggestions'), textarea, id: `${platform}-suggestions` });
  let scene;
  let draftKey;
  let target;
  let sending = false;

  function show(next) {
    scene = next;
    const key = `${next.me}/${next.channel}`;
    if (key !== draftKey) enter(key);
    const room = next.view.channels.find((known) => known.id === next.channel);
    const words = `Message ${room?.kind === 'direct' ? '' : '#'}${room?.name ?? ''}`;
    textarea.placeholder = words;
    textarea.setAttribute('aria-label', `${words} on ${platform}`);
    find('.mention-button').textContent = `@${next.names.bot}`;
    find('.mention-button').setAttribute('aria-label', `Mention ${next.names.bot}`);
    find('.mention-button').hidden = room?.kind === 'direct';
    find('.examples').hidden = next.view.messages.some((message) => message.author.id === next.me);
  }

  function enter(key) {
    if (draftKey !== undefined) drafts.set(draftKey, textarea.value);
    draftKey = key;
    textarea.value = drafts.get(key) ?? '';
    aim(undefined);
    complain('');
    changed();
  }

  function changed() {
    textarea.style.height = 'auto';
    textarea.style.height = `${textarea.scrollHeight}px`;
    find('.send').disabled = textarea.value.trim() === '' || sending;
    if (scene !== undefined) suggestions.update(scene.view, mentionable(scene));
  }

  function complain(words) {
    find('.trouble').textContent = words;
  }

  /** Aims the next message at a thread or at a message; undefined: at the channel. */
  function aim(next) {
    target = next;
    find('.target').hidden = next === undefined;
    find('.target-words').textContent = next === undefined ? '' : next.words;
  }

  function reply(message, words) {
    const thread = message.thread === undefined ? {} : { thread: message.thread };
    aim({ words, fields: { repliesTo: message.id, ...thread }, keep: false });
    textarea.focus();
  }

  function replyInThread(message, words) {
    aim({ words, fields: { thread: message.thread ?? message.id }, keep: true });
    textarea.focus();
  }

  async function send(text) {
    const typed = text.trim();
    if (typed === '' || sending) return;
    const slash = typed.startsWith('/');
    complain('');
    // An action cannot say where a command was typed, so the client's own refusal of slash commands in threads is here.
    if (slash && target?.fields.thread !== undefined && platform === 'Slack')
      return complain(`${typed.split(/\s/)[0]} is not supported in threads. Sorry!`);
    const { channel } = scene;
    const key = draftKey;
    const action = slash
      ? { kind: 'command', channel, text: typed }
      : { kind: 'say', channel, ...target?.fields, text: withMentions(typed, scene) };
    sending = true;
    if (text === textarea.value) textarea.value = '';
    changed();
    const trouble = await act(action).then(
      () => '',
      (error) => error.message,
    );
    sending = false;
    const stayed = key === draftKey;
    if (trouble === '' && stayed && target?.keep === false) aim(undefined);
    if (trouble !== '' && stayed && textarea.value === '') textarea.value = text;
    if (trouble !== '' && !stayed) drafts.set(key, text);
    if (stayed) complain(trouble);
    changed();
  }

  textarea.addEventListener('input', () => {
    complain('');
    changed();
  });
  textarea.addEventListener('click', changed);
  textarea.addEventListener('focus', changed);
  textarea.addEventListener('blur', () => suggestions.hide());
  textarea.addEventListener('keydown', (event) => {
    if (suggestions.takeKey(event)) return;
    if (event.key === 'Escape') aim(undefined);
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send(textarea.value);
  });
  find('.composer').addEventListener('submit', (event) => {
    event.preventDefault();
    void send(textarea.value);
    textarea.focus();
  });
  find('.leave').addEventListener('click', () => {
    aim(undefined);
    textarea.focus();
  });
  find('.mention-button').addEventListener('click', () => {
    const { value, selectionStart } = textarea;
    const gap = selectionStart > 0 && !/\s$/.test(value.slice(0, selectionStart)) ? ' ' : '';
    textarea.setRangeText(`${gap}@${scene.names.bot} `, selectionStart, textarea.selectionEnd, 'end');
    textarea.focus();
    changed();
  });
  find('.chips').append(
    ...examples.map((sentence) => {
      const say = () => {
        const room = scene.view.channels.find((known) => known.id === scene.channel);
        void send(room?.kind === 'direct' ? sentence : `@${scene.names.bot} ${sentence}`);
      };
      return element('button', { type: 'button', click: say }, sentence);
    }),
  );
  return { show, reply, replyInThread, complain };
}

/** Who can be mentioned, as it is typed and as the platform wants it written. */
function mentionable({ view, me, names }) {
  const bot = { name: `@${names.bot}`, summary: 'answers when you mention him', written: view.mention };
  const byId = view.mention.startsWith('<@');
  const others = view.people.filter((person) => person.id !== me);
  return [
    bot,
    ...others.map(({ id, name, title }) => ({
      name: `@${name}`,
      summary: title,
      written: byId ? `<@${id}>` : `@${name}`,
    })),
  ];
}

/** `@Yoda` is what people type and see; the platform is told the id. */
function withMentions(text, scene) {
  return mentionable(scene).reduce((words, { name, written }) => {
    const pattern = new RegExp(`(?<![\\w@])${name.replaceAll(/[^\w@]/g, '\\$&')}(?!\\w)`, 'gi');
    return words.replaceAll(pattern, () => written);
  }, text);
}
