import { element } from './element.js';
import { drawMessage } from './message.js';

/*
 * The messages of one channel as a list that is brought up to date in place: what has not changed keeps its element,
 * so that a screen reader hears only what is new and nobody's focus or selection is lost.
 */

/**
 * `log` is the element that scrolls, `jump` the button that leads to its end. `on.reply(message)`,
 * `on.thread(message)` and `on.click(message, button)` are what the visitor asks for.
 */
export function createMessages({ log, jump, platform, on }) {
  const shown = new Map();
  let pinned = true;
  let channel;
  const toEnd = () => {
    log.scrollTop = log.scrollHeight;
  };
  log.addEventListener('scroll', () => {
    pinned = log.scrollHeight - log.scrollTop - log.clientHeight < 48;
    if (pinned) jump.hidden = true;
  });
  jump.addEventListener('click', toEnd);
  // The sign of working, a growing composer and a resized window all change the room that is left for messages.
  new ResizeObserver(() => {
    if (pinned) toEnd();
  }).observe(log);

  function show(scene) {
    const entering = channel !== `${scene.me}/${scene.channel}`;
    channel = `${scene.me}/${scene.channel}`;
    if (entering) {
      shown.clear();
      log.replaceChildren();
    }
    const fresh = update(scene);
    const mine = fresh.findLast((row) => row.message?.author.id === scene.me);
    if (entering || pinned) toEnd();
    else if (mine !== undefined) shown.get(mine.key).node.scrollIntoView({ block: 'nearest' });
    else if (fresh.some((row) => row.message !== undefined)) jump.hidden = false;
    if (entering) jump.hidden = true;
  }

  /** Returns the rows that were not there before. */
  function update(scene) {
    const rows = arrange(scene);
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, { node }] of shown)
      if (!keys.has(key)) {
        node.remove();
        shown.delete(key);
      }
    const fresh = [];
    let before = log.firstElementChild;
    for (const row of rows) {
      const signature = JSON.stringify(row);
      const old = shown.get(row.key);
      if (old?.signature === signature) {
        if (old.node === before) before = before.nextElementSibling;
        else log.insertBefore(old.node, before);
        continue;
      }
      const node = drawRow(row, { scene, platform, on, find: (id) => shown.get(`message ${id}`)?.node });
      if (old === undefined) fresh.push(row);
      else if (old.node === before) before = before.nextElementSibling;
      log.insertBefore(node, before);
      if (old?.node.contains(document.activeElement)) (node.querySelector('.buttons button') ?? log).focus();
      old?.node.remove();
      shown.set(row.key, { signature, node });
    }
    return fresh;
  }

  return { show, toEnd };
}

const togetherMs = 5 * 60_000;

/** A page that stays open for days must not grow without end. */
const shownAtMost = 400;

/** Puts every thread under its first message and says of each row how it is drawn. */
function arrange({ view, channel }) {
  const all = view.messages.filter((message) => message.channel === channel);
  const here = all.slice(-shownAtMost);
  const byId = new Map(here.map((message) => [message.id, message]));
  const isReply = ({ id, thread }) => thread !== undefined && thread !== id && byId.has(thread);
  const replies = Map.groupBy(here.filter(isReply), (message) => message.thread);
  const room = view.channels.find((known) => known.id === channel);
  const rows = [{ kind: 'start', key: 'start', room, cut: here.length < all.length }];
  const add = (message, depth, last) =>
    rows.push({
      kind: 'message',
      key: `message ${message.id}`,
      message,
      depth,
      together: continues(message, last),
      quoted: byId.get(message.repliesTo),
    });
  let last;
  for (const message of here.filter((message) => !isReply(message))) {
    add(message, 0, last);
    last = message;
    const thread = replies.get(message.id) ?? [];
    for (const [index, reply] of thread.entries()) add(reply, 1, thread[index - 1]);
    const signs = view.signs.filter((sign) => sign.channel === channel && sign.thread === message.id);
    for (const { text } of signs) rows.push({ kind: 'sign', key: `sign ${message.id} ${text}`, text });
    if (thread.length === 0) continue;
    rows.push({ kind: 'more', key: `more ${message.id}`, root: message });
    last = undefined;
  }
  return rows;
}

/** Whether a message is drawn as going on with the one above it. */
function continues(message, last) {
  return (
    last !== undefined &&
    last.author.id === message.author.id &&
    last.ephemeral === message.ephemeral &&
    message.at - last.at < togetherMs &&
    message.repliesTo === undefined
  );
}

/** The signs that stand in no thread that is shown, and so belong to the whole channel. */
export function channelSigns({ view, channel }) {
  const ids = new Set(view.messages.map((message) => message.id));
  return view.signs.filter((sign) => sign.channel === channel && !ids.has(sign.thread));
}

function drawRow(row, context) {
  if (row.kind === 'start') return drawStart(row);
  if (row.kind === 'sign') return element('p', { class: 'row in-thread thread-sign' }, ...signParts(row.text));
  if (row.kind === 'more') {
    const reply = element(
      'button',
      { type: 'button', class: 'quiet', click: () => context.on.thread(row.root) },
      'Reply in thread',
    );
    return element('p', { class: 'row in-thread more' }, reply);
  }
  return drawMessage(row, context);
}

/** Three dots that move, and the words. */
export function signParts(text) {
  const dots = element('span', { class: 'dots', 'aria-hidden': 'true' }, element('i'), element('i'), element('i'));
  return [dots, text];
}

function drawStart({ room, cut }) {
  const direct = room?.kind === 'direct';
  const name = direct ? (room?.name ?? '') : `#${room?.name ?? ''}`;
  const words = cut
    ? 'Older messages are not shown here.'
    : direct
      ? `Only you and ${room.name} read here; no mention is needed.`
      : 'Everybody reads along here. Mention Yoda and he answers.';
  return element('div', { class: 'start' }, element('strong', {}, name), element('span', {}, words));
}
