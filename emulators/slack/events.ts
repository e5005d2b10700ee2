import { randomUUID } from 'node:crypto';
import type { Manifest } from './manifest.ts';
import { messageObject, type Values } from './methods/method.ts';
import type { Change, Store, StoredMessage } from './store.ts';
import { type Channel, team, yoda } from './world.ts';

const subscription = { channel: 'message.channels', group: 'message.groups', im: 'message.im' } as const;

/** Turns a change of a message into the events that the app has subscribed to, as their inner objects. */
export function eventsOf(change: Change, store: Store, manifest: Manifest): readonly Values[] {
  const message = change.kind === 'deleted' ? change.previous : change.message;
  const channel = store.channel(message.channel);
  if (channel === undefined || !channel.members.includes(yoda.user)) return [];
  const events: Values[] = [];
  if (manifest.events.includes(subscription[channel.kind])) events.push(messageEvent(change, channel));
  if (manifest.events.includes('app_mention') && mentionsApp(change, channel)) {
    const { thread } = message;
    events.push({
      ...messageObject(message),
      type: 'app_mention',
      channel: channel.id,
      event_ts: message.ts,
      ...(thread === undefined ? {} : { thread_ts: thread }),
    });
  }
  return events;
}

/** In direct messages a mention is no event of its own (docs: app_mention), and an app does not hear of its own words. */
function mentionsApp(change: Change, channel: Channel): boolean {
  if (change.kind === 'deleted' || channel.kind === 'im' || change.message.bot === yoda.bot) return false;
  if (change.kind === 'changed' && mentioned(change.previous)) return false;
  return mentioned(change.message);
}

const mentioned = ({ text }: StoredMessage) => text.includes(`<@${yoda.user}>`) || text.includes(`<@${yoda.user}|`);

function messageEvent(change: Change, channel: Channel): Values {
  const where = { channel: channel.id, channel_type: channel.kind };
  if (change.kind === 'posted') return { ...messageObject(change.message), ...where, event_ts: change.message.ts };
  const previous = messageObject(change.previous);
  if (change.kind === 'deleted')
    return {
      type: 'message',
      subtype: 'message_deleted',
      hidden: true,
      deleted_ts: change.previous.ts,
      previous_message: previous,
      ts: change.ts,
      event_ts: change.ts,
      ...where,
    };
  const ts = change.message.edited?.ts ?? change.message.ts;
  return {
    type: 'message',
    subtype: 'message_changed',
    hidden: true,
    message: messageObject(change.message),
    previous_message: previous,
    ts,
    event_ts: ts,
    ...where,
  };
}

/** The outer object of an event, with an id that no other event has. */
export function eventCallback(event: Values): Values & { readonly event_id: string } {
  return {
    token: 'deprecated-verification-token',
    team_id: team.id,
    api_app_id: yoda.app,
    event,
    type: 'event_callback',
    event_id: `Ev${randomUUID().replaceAll('-', '').slice(0, 10).toUpperCase()}`,
    event_time: Math.floor(Date.now() / 1000),
    authorizations: [
      { enterprise_id: null, team_id: team.id, user_id: yoda.user, is_bot: true, is_enterprise_install: false },
    ],
    is_ext_shared_channel: false,
  };
}
