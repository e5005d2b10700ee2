import { avatar, element } from './element.js';
import { draw, reactionSign, snippet } from './markup.js';

/**
 * Draws one message. `quoted` is the message that it replies to; `together` leaves out who said it, because the row above says so.
 */
export function drawMessage({ message, depth, together, quoted }, context) {
  const { platform, on } = context;
  const classes = ['row', 'message'];
  if (depth > 0) classes.push('in-thread');
  if (together) classes.push('together');
  if (message.ephemeral) classes.push('ephemeral');
  const parts = [
    ...(quoted === undefined ? [] : [drawQuoted(quoted, context)]),
    together ? clock(message, 'clock side-clock') : avatar(message.author),
    element(
      'div',
      { class: 'content' },
      ...(message.ephemeral ? [element('p', { class: 'only-you' }, 'Only you can see this')] : []),
      together ? element('span', { class: 'unseen' }, `${message.author.name}: `) : byline(message),
      drawText(message, context),
      ...extras(message, on),
    ),
    ...(message.ephemeral ? [] : [replyButton(message, platform, on)]),
  ];
  return element('article', { class: classes.join(' '), 'data-message': message.id }, ...parts);
}

function drawText(message, { scene, platform }) {
  const text = element('div', { class: 'text' }, draw(message.text, dialectOf(message, platform), scene.names));
  const end = text.lastElementChild?.tagName === 'P' ? text.lastElementChild : text;
  if (message.edited) end.append(element('span', { class: 'edited' }, ' (edited)'));
  return text;
}

export const dialectOf = (message, platform) =>
  message.format === 'mrkdwn' ? 'mrkdwn' : platform === 'Slack' ? 'blocks' : 'markdown';

function byline({ author, at }) {
  const badge = author.bot ? [element('span', { class: 'badge' }, 'app')] : [];
  return element('p', { class: 'byline' }, element('strong', {}, author.name), ...badge, clock({ at }, 'clock'));
}

function clock({ at }, classes) {
  const time = new Date(at);
  const words = time.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
  return element('time', { class: classes, datetime: time.toISOString(), title: time.toLocaleString() }, words);
}

function drawQuoted(quoted, { scene, platform, find }) {
  const jump = () => {
    const node = find(quoted.id);
    node?.scrollIntoView({ block: 'center' });
    node?.classList.add('found');
    setTimeout(() => node?.classList.remove('found'), 1200);
  };
  const words = snippet(quoted.text, dialectOf(quoted, platform), scene.names);
  return element(
    'button',
    { type: 'button', class: 'quoted', click: jump, 'aria-label': `In reply to ${quoted.author.name}: ${words}` },
    avatar(quoted.author),
    element('strong', {}, quoted.author.name),
    element('span', {}, words),
  );
}

function replyButton(message, platform, on) {
  const [words, reply] = platform === 'Slack' ? ['Reply in thread', on.thread] : ['Reply', on.reply];
  return element(
    'button',
    {
      type: 'button',
      class: 'reply',
      'aria-label': `${words} to ${message.author.name}`,
      click: () => reply(message),
    },
    words,
  );
}

function extras(message, on) {
  const buttons = message.buttons.map((button) =>
    element(
      'button',
      { type: 'button', class: button.style, click: (event) => press(event.currentTarget) },
      button.label,
    ),
  );
  // The second click of a double click must not approve what the first one asked for.
  const press = async (pressed) => {
    for (const button of buttons) button.disabled = true;
    await on.click(message, message.buttons[buttons.indexOf(pressed)]);
    for (const button of buttons) button.disabled = false;
  };
  const reactions = message.reactions.map((reaction) => element('span', { title: reaction }, reactionSign(reaction)));
  return [
    ...(buttons.length === 0 ? [] : [element('div', { class: 'buttons' }, ...buttons)]),
    ...(reactions.length === 0
      ? []
      : [element('div', { class: 'reactions', 'aria-label': 'Reactions' }, ...reactions)]),
  ];
}
