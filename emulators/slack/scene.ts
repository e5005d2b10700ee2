import type { Action, Scene, View, ViewMessage } from '../core/scene.ts';
import { show } from './blocks.ts';
import type { Manifest } from './manifest.ts';
import type { Hands } from './people.ts';
import type { Store, StoredMessage } from './store.ts';
import { people } from './world.ts';

/** The workspace as the playground shows it to one person. */
export function createScene(deps: {
  readonly store: Store;
  readonly manifest: Manifest;
  readonly hands: Hands;
}): Scene {
  const { store, manifest, hands } = deps;

  const seenBy = (person: string) => store.channels.filter(({ members }) => members.includes(person));

  return {
    name: 'Slack',
    view(person): View {
      const channels = seenBy(person);
      return {
        people: people.map(({ id, realName, title }) => ({ id, name: realName, title })),
        channels: channels.map((channel) => ({
          id: channel.id,
          name: channel.kind === 'im' ? manifest.botName : channel.name,
          kind: channel.kind === 'im' ? 'direct' : 'channel',
        })),
        messages: channels.flatMap(({ id }) =>
          store
            .messages(id)
            .filter(({ ephemeralTo = person }) => ephemeralTo === person)
            .map((message) => viewOf(message, store)),
        ),
        signs: store.statuses
          .filter((status) => channels.some(({ id }) => id === status.channel))
          .map(({ channel, thread, text }) => ({ channel, thread, text: `${manifest.botName} ${text}` })),
        commands: manifest.commands.map(({ command, description, usageHint }) => ({
          name: command,
          summary: usageHint === '' ? description : `${usageHint} · ${description}`,
        })),
        mention: `@${manifest.botName}`,
      };
    },
    async act(person, action: Action) {
      if (action.kind === 'say') await hands.say(person, action.channel, action.text, { thread: action.thread });
      else if (action.kind === 'command') await hands.command(person, action.channel, action.text);
      else throw new Error('This message has no such button.');
    },
    onChange: (listener) => store.onChange(() => listener()),
  };
}

function viewOf(message: StoredMessage, store: Store): ViewMessage {
  const { text, format, buttons } = show(message);
  return {
    id: message.ts,
    channel: message.channel,
    ...(message.thread === undefined ? {} : { thread: message.thread }),
    author: {
      id: message.user,
      name: store.userName(message.user) ?? message.user,
      bot: message.bot !== undefined,
    },
    // As Slack stores it: the page knows the people and draws it.
    text,
    format,
    at: Math.round(Number(message.ts) * 1000),
    ephemeral: message.ephemeralTo !== undefined,
    edited: message.edited !== undefined,
    buttons: buttons.map((button) => ({
      id: button.action_id ?? '',
      label: button.text.text,
      style: button.style ?? 'plain',
    })),
    reactions: message.reactions.map(({ name }) => `:${name}:`),
  };
}
