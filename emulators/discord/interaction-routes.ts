import { z } from 'zod';
import type { Call, Route } from '../core/server.ts';
import {
  alreadyAcknowledged,
  expiredToken,
  invalidForm,
  unknownInteraction,
  unknownMessage,
  unknownWebhook,
} from './errors.ts';
import { readForm } from './form.ts';
import type { Interaction, Interactions } from './interactions.ts';
import { type MessageForm, readEdit, readMessage } from './message-form.ts';
import { edit, ephemeralFlag, loadingFlag, post } from './posts.ts';
import type { Entry, Store } from './store.ts';
import { yoda } from './world.ts';

/** What may answer first: 4 a message, 5 "thinking", 6 nothing new, 7 a change of the message clicked on. */
const answersTo: Readonly<Record<Interaction['type'], readonly number[]>> = { 2: [4, 5], 3: [4, 5, 6, 7] };

const callbackForm = z.object({ type: z.int(), data: z.unknown().optional() });

/** The calls that need no bot token but that of an interaction. */
export function interactionRoutes(store: Store, interactions: Interactions): Route[] {
  return [
    {
      method: 'POST',
      path: '/interactions/:interaction/:token/callback',
      handle(call) {
        const interaction = answerable(call, interactions);
        const { type, data } = readForm(callbackForm, call.json());
        checkType(interaction, type);
        const message = firstAnswer(interaction, type, data, store);
        interactions.acknowledge(interaction);
        if (call.query.get('with_response') !== 'true') return { status: 204 };
        return { body: callbackResponse(interaction, type, message) };
      },
    },
    {
      method: 'POST',
      path: '/webhooks/:application/:token',
      handle(call) {
        const interaction = reachable(call, interactions);
        const form = readMessage(call.json());
        const loading = interaction.original;
        if (loading !== undefined && isLoading(loading)) return { body: edit(loading, form, store).message };
        const entry = respond(interaction, form, isEphemeral(form) ? ephemeralFlag : 0, store);
        interaction.followUps.push(entry);
        return { body: entry.message };
      },
    },
    {
      method: 'GET',
      path: '/webhooks/:application/:token/messages/:message',
      handle: (call) => ({ body: owned(call, interactions).entry.message }),
    },
    {
      method: 'PATCH',
      path: '/webhooks/:application/:token/messages/:message',
      handle(call) {
        const { entry } = owned(call, interactions);
        return { body: edit(entry, readEdit(call.json()), store).message };
      },
    },
    {
      method: 'DELETE',
      path: '/webhooks/:application/:token/messages/:message',
      handle(call) {
        const { entry, interaction } = owned(call, interactions);
        store.remove(interaction.channel.id, entry.message.id);
        const { id } = entry.message;
        if (entry.onlyFor === undefined) store.publish({ t: 'MESSAGE_DELETE', id, channel: interaction.channel });
        return { status: 204 };
      },
    },
  ];
}

/** 10062 for a stranger and for one that waited too long, 40060 for one that was answered. */
function answerable(call: Call, interactions: Interactions): Interaction {
  const interaction = interactions.byToken(call.params.token ?? '');
  if (interaction === undefined || interaction.id !== call.params.interaction) throw unknownInteraction();
  if (interaction.acknowledged) throw alreadyAcknowledged();
  if (Date.now() - interaction.at > interactions.clock.ackMs) throw unknownInteraction();
  return interaction;
}

/** 10015 for a stranger and before the first answer, 50027 once the token has expired. */
function reachable(call: Call, interactions: Interactions): Interaction {
  const interaction = interactions.byToken(call.params.token ?? '');
  if (interaction === undefined || call.params.application !== yoda.id) throw unknownWebhook();
  if (Date.now() - interaction.at > interactions.clock.tokenMs) throw expiredToken();
  if (!interaction.acknowledged) throw unknownWebhook();
  return interaction;
}

function owned(call: Call, interactions: Interactions): { readonly entry: Entry; readonly interaction: Interaction } {
  const interaction = reachable(call, interactions);
  const wanted = call.params.message;
  const all = [interaction.original, ...interaction.followUps];
  const entry = wanted === '@original' ? interaction.original : all.find((known) => known?.message.id === wanted);
  if (entry === undefined) throw unknownMessage();
  return { entry, interaction };
}

function checkType(interaction: Interaction, type: number): void {
  const allowed = answersTo[interaction.type];
  if (allowed.includes(type)) return;
  const message = `Value must be one of {${allowed.join(', ')}}.`;
  throw invalidForm([{ path: ['type'], code: 'BASE_TYPE_CHOICES', message }]);
}

function firstAnswer(interaction: Interaction, type: number, data: unknown, store: Store): Entry | undefined {
  if (type === 4) {
    const form = readMessage(data ?? {});
    interaction.original = respond(interaction, form, isEphemeral(form) ? ephemeralFlag : 0, store);
  } else if (type === 5) {
    const form = readEdit(data ?? {});
    const flags = loadingFlag | (isEphemeral(form) ? ephemeralFlag : 0);
    interaction.original = respond(interaction, { ...form, content: '' }, flags, store);
  } else if (interaction.source !== undefined) {
    interaction.original = type === 7 ? edit(interaction.source, readEdit(data ?? {}), store) : interaction.source;
  }
  return interaction.original;
}

function respond(interaction: Interaction, form: MessageForm, flags: number, store: Store): Entry {
  const { channel, person, metadata } = interaction;
  const hidden = (flags & ephemeralFlag) === 0 ? {} : { onlyFor: person.id };
  return post({ channel, author: yoda, form, interaction: metadata, flags, ...hidden }, store);
}

function isEphemeral(form: MessageForm): boolean {
  return ((form.flags ?? 0) & ephemeralFlag) !== 0;
}

function isLoading(entry: Entry): boolean {
  return ((entry.message.flags ?? 0) & loadingFlag) !== 0;
}

function callbackResponse(interaction: Interaction, type: number, entry: Entry | undefined): object {
  const seen = entry && {
    response_message_id: entry.message.id,
    response_message_loading: isLoading(entry),
    response_message_ephemeral: entry.onlyFor !== undefined,
  };
  return {
    interaction: { id: interaction.id, type: interaction.type, ...seen },
    resource: { type, ...(entry === undefined ? {} : { message: entry.message }) },
  };
}
