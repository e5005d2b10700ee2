import { createComposer } from './composer.js';
import { avatar, element } from './element.js';
import { snippet } from './markup.js';
import { dialectOf } from './message.js';
import { channelSigns, createMessages, signParts } from './messages.js';

/** One platform: its channels, the messages of the chosen one, and the composer. */
export function createPane({ platform, choose, act }) {
  const root = document.querySelector('#pane').content.firstElementChild.cloneNode(true);
  const find = (selector) => root.querySelector(selector);
  root.classList.add(platform.toLowerCase());
  root.setAttribute('aria-label', platform);
  find('.side').setAttribute('aria-label', `${platform} channels`);
  find('.platform').textContent = platform;
  find('.log').setAttribute('aria-label', `${platform} messages`);
  const composer = createComposer({ root, platform, act });
  const messages = createMessages({
    log: find('.log'),
    jump: find('.jump'),
    platform,
    on: {
      reply: (message) => composer.reply(message, replyWords(message, 'Replying to')),
      thread: (message) => composer.replyInThread(message, replyWords(message, 'In the thread of')),
      click: async (message, button) => {
        composer.complain('');
        await act({ kind: 'click', message: message.id, button: button.id }).catch((error) =>
          composer.complain(error.message),
        );
      },
    },
  });
  const unread = createUnread();
  let scene;

  function replyWords(message, how) {
    return `${how} ${message.author.name}: ${snippet(message.text, dialectOf(message, platform), scene.names)}`;
  }

  function show({ me, view }, wanted) {
    const channel = chooseChannel(view, wanted, scene);
    scene = { me, view, channel, names: namesIn(view) };
    unread.look(scene);
    drawSide(scene);
    const room = view.channels.find((known) => known.id === channel);
    find('.room').textContent = room === undefined ? 'Nothing here' : roomName(room);
    messages.show(scene);
    composer.show(scene);
    const signs = channelSigns(scene).map((sign) => sign.text);
    const words = signs.join(' · ');
    if (find('.sign').textContent !== words) find('.sign').replaceChildren(...(words === '' ? [] : signParts(words)));
  }

  function drawSide({ view, me, channel }) {
    const item = (room) => {
      const mark = unread.has(me, room.id);
      const button = element(
        'button',
        {
          type: 'button',
          'aria-current': room.id === channel ? 'true' : undefined,
          class: mark ? 'unread' : undefined,
          click: () => choose(room.id),
        },
        ...(room.kind === 'direct'
          ? [avatar({ name: room.name, bot: true })]
          : [element('i', { 'aria-hidden': 'true' }, '#')]),
        element('span', {}, room.name),
        ...(mark ? [element('span', { class: 'unseen' }, ' (unread)')] : []),
      );
      return element('li', { 'data-channel': room.id }, button);
    };
    keepFocus(find('.channels'), view.channels.filter((room) => room.kind === 'channel').map(item));
    keepFocus(find('.directs'), view.channels.filter((room) => room.kind === 'direct').map(item));
    const person = view.people.find((known) => known.id === me);
    if (person === undefined) return;
    const words = element('span', {}, element('strong', {}, person.name), element('small', {}, person.title));
    find('.me').replaceChildren(avatar({ name: person.name, bot: false }), words);
  }

  return { root, show, complain: composer.complain };
}

const roomName = (room) => (room.kind === 'direct' ? room.name : `#${room.name}`);

/** The wanted channel; when this person has none of that id (another one's direct messages), the one like the last. */
function chooseChannel(view, wanted, before) {
  const ids = view.channels.map((room) => room.id);
  if (ids.includes(wanted)) return wanted;
  const kind = before?.view.channels.find((room) => room.id === before.channel)?.kind;
  return (view.channels.find((room) => room.kind === kind) ?? view.channels[0])?.id ?? '';
}

/** Names for what messages mention. All people of the scene are known, so an unknown id that is mentioned is the bot's. */
function namesIn(view) {
  const people = new Map(view.messages.map(({ author }) => [author.id, author.name]));
  for (const { id, name } of view.people) people.set(id, name);
  const id = /^<@!?(\w+)>$/.exec(view.mention)?.[1];
  const bot = id === undefined ? view.mention.replace(/^@/, '') : (people.get(id) ?? 'Yoda');
  const known = new Set([bot, ...people.values()].map((name) => name.toLowerCase()));
  const channels = new Map(view.channels.map((room) => [room.id, room.name]));
  return {
    bot,
    person: (id) => people.get(id) ?? bot,
    channel: (id) => channels.get(id) ?? 'unknown',
    has: (name) => known.has(name.toLowerCase()),
  };
}

/** Replaces a list's items; the one that had the focus has it again. */
function keepFocus(list, items) {
  const focused = document.activeElement?.closest('li');
  const channel = focused !== null && list.contains(focused) ? focused.dataset.channel : undefined;
  list.replaceChildren(...items);
  if (channel !== undefined) items.find((item) => item.dataset.channel === channel)?.firstElementChild.focus();
}

/** Which channels hold something that this person has not looked at since the page was opened. */
function createUnread() {
  const seen = new Map();
  const marked = new Set();
  return {
    look({ me, view, channel }) {
      for (const room of view.channels) {
        const key = `${me}/${room.id}`;
        const latest = view.messages
          .filter((message) => message.channel === room.id && message.author.id !== me)
          .at(-1)?.id;
        if (room.id === channel || !seen.has(key)) {
          seen.set(key, latest);
          marked.delete(key);
        } else if (seen.get(key) !== latest && latest !== undefined) marked.add(key);
      }
    },
    has: (me, channel) => marked.has(`${me}/${channel}`),
  };
}
