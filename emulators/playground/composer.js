import { element } from './element.js';
import { createSuggestions } from './suggestions.js';
import { createTarget } from './target.js';

const examples = [
  'The droids are hidden in my ship.',
  'The cat sleeps under the table.',
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
  const target = createTarget({ line: find('.target'), textarea });
  let scene;
  let draftKey;
  let sending = false;

  function show(next) {
    scene = next;
    const key = `${next.me}/${next.channel}`;
    if (key !== draftKey) enter(key);
    label(find, platform, scene);
  }

  function enter(key) {
    if (draftKey !== undefined) drafts.set(draftKey, textarea.value);
    draftKey = key;
    textarea.value = drafts.get(key) ?? '';
    target.clear();
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

  async function send(text) {
    if (text.trim() === '' || sending || scene === undefined) return;
    const { refusal, action } = actionOf(text.trim(), { scene, platform, target });
    complain(refusal ?? '');
    if (refusal !== undefined) return;
    const key = draftKey;
    sending = true;
    if (text === textarea.value) textarea.value = '';
    changed();
    const trouble = await act(action).then(
      () => '',
      (error) => error.message,
    );
    sending = false;
    // Meanwhile the visitor may have gone to another channel or have become somebody else.
    const stayed = key === draftKey;
    if (trouble !== '' && !stayed) drafts.set(key, text);
    if (trouble !== '' && stayed && textarea.value === '') textarea.value = text;
    if (trouble === '' && stayed) target.used();
    if (stayed) complain(trouble);
    changed();
  }

  listen(find, { send, changed, complain, suggestions, target });
  find('.mention-button').addEventListener('click', () => {
    const { value, selectionStart } = textarea;
    const gap = selectionStart > 0 && !/\s$/.test(value.slice(0, selectionStart)) ? ' ' : '';
    textarea.setRangeText(`${gap}@${scene.names.bot} `, selectionStart, textarea.selectionEnd, 'end');
    textarea.focus();
    changed();
  });
  const say = (sentence) => send(isDirect(scene) ? sentence : `@${scene.names.bot} ${sentence}`);
  find('.chips').append(
    ...examples.map((sentence) => element('button', { type: 'button', click: () => say(sentence) }, sentence)),
  );
  return { show, complain, reply: target.reply, replyInThread: target.replyInThread };
}

const roomOf = ({ view, channel }) => view.channels.find((known) => known.id === channel);
const isDirect = (scene) => roomOf(scene)?.kind === 'direct';

function label(find, platform, scene) {
  const words = `Message ${isDirect(scene) ? '' : '#'}${roomOf(scene)?.name ?? ''}`;
  find('textarea').placeholder = words;
  find('textarea').setAttribute('aria-label', `${words} on ${platform}`);
  find('.mention-button').textContent = `@${scene.names.bot}`;
  find('.mention-button').setAttribute('aria-label', `Mention ${scene.names.bot}`);
  find('.mention-button').hidden = isDirect(scene);
  find('.examples').hidden = scene.view.messages.some((message) => message.author.id === scene.me);
}

function listen(find, { send, changed, complain, suggestions, target }) {
  const textarea = find('textarea');
  textarea.addEventListener('input', () => {
    complain('');
    changed();
  });
  textarea.addEventListener('click', changed);
  textarea.addEventListener('focus', changed);
  textarea.addEventListener('blur', suggestions.hide);
  textarea.addEventListener('keydown', (event) => {
    if (suggestions.takeKey(event)) return;
    if (event.key === 'Escape') target.clear();
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void send(textarea.value);
  });
  find('.composer').addEventListener('submit', (event) => {
    event.preventDefault();
    void send(textarea.value);
    textarea.focus();
  });
}

/** What the typed line asks for, or why the client itself refuses it. */
function actionOf(typed, { scene, platform, target }) {
  const { channel } = scene;
  if (!typed.startsWith('/'))
    return { action: { kind: 'say', channel, ...target.fields(), text: withMentions(typed, scene) } };
  // An action cannot say that a command was typed in a thread, so the refusal of Slack's client stands here.
  if (platform === 'Slack' && target.fields().thread !== undefined)
    return { refusal: `${typed.split(/\s/)[0]} is not supported in threads. Sorry!` };
  return { action: { kind: 'command', channel, text: typed } };
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
