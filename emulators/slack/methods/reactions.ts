import { z } from 'zod';
import { Refusal, readArguments, textField } from '../refusal.ts';
import { yoda } from '../world.ts';
import type { Method, Values, Workspace } from './method.ts';

const reactionArguments = z.object({ channel: textField, timestamp: textField, name: textField });

function react(values: Values, workspace: Workspace, adding: boolean): Values {
  const { channel, timestamp, name } = readArguments(reactionArguments, values);
  const message = workspace.store.find(channel, timestamp);
  if (message === undefined) throw new Refusal('message_not_found');
  const users = message.reactions.find((reaction) => reaction.name === name)?.users ?? [];
  if (adding && users.includes(yoda.user)) throw new Refusal('already_reacted');
  if (!adding && !users.includes(yoda.user)) throw new Refusal('no_reaction');
  const left = adding ? [...users, yoda.user] : users.filter((user) => user !== yoda.user);
  const others = message.reactions.filter((reaction) => reaction.name !== name);
  workspace.store.replace({ ...message, reactions: left.length === 0 ? others : [...others, { name, users: left }] });
  return {};
}

const addReaction: Method = {
  name: 'reactions.add',
  token: 'bot',
  scopes: ['reactions:write'],
  run: (values, workspace) => react(values, workspace, true),
};

const removeReaction: Method = {
  name: 'reactions.remove',
  token: 'bot',
  scopes: ['reactions:write'],
  run: (values, workspace) => react(values, workspace, false),
};

export const reactionMethods: readonly Method[] = [addReaction, removeReaction];
