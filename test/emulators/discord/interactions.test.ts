import { Routes } from 'discord.js';
import { describe, expect, test } from 'vitest';
import type { Interaction } from '../../../emulators/discord/interactions.ts';
import { botId, generalId, leiaId, lukeId } from '../../../emulators/discord/world.ts';
import { startWithRest, type WithRest } from './world.ts';

const ask = {
  name: 'ask',
  description: 'Ask',
  options: [{ type: 3, name: 'text', description: 'What', required: true }],
};

/** An interaction as the bot learns of it, and the promise that its person's client waits for. */
async function begin(
  it: WithRest,
  line = '/ask text:Hello',
): Promise<{ token: string; id: string; shown: Promise<Interaction> }> {
  if (it.discord.commands().length === 0) await it.rest.put(Routes.applicationCommands(botId), { body: [ask] });
  const told = new Promise<{ id: string; token: string }>((resolve) =>
    it.discord.store.onHappening((happening) => {
      if (happening.t !== 'INTERACTION_CREATE') return;
      const { data } = happening;
      if ('id' in data && 'token' in data) resolve({ id: String(data.id), token: String(data.token) });
    }),
  );
  const shown = it.discord.slash(leiaId, generalId, line);
  shown.catch(() => undefined);
  return { ...(await told), shown };
}

const callback = (it: WithRest, { id, token }: { id: string; token: string }, body: object, withResponse = false) =>
  it.rest.post(Routes.interactionCallback(id, token), {
    body,
    auth: false,
    query: new URLSearchParams(withResponse ? { with_response: 'true' } : {}),
  });
const original = (token: string) => Routes.webhookMessage(botId, token);

describe('interactions', () => {
  test('a first answer within three seconds is shown, a second one is refused', async () => {
    await using it = await startWithRest();
    const interaction = await begin(it);
    await callback(it, interaction, { type: 4, data: { content: 'Hi.' } });
    expect((await interaction.shown).original?.message).toMatchObject({
      content: 'Hi.',
      type: 20,
      interaction_metadata: { user: { id: leiaId } },
    });
    await expect(callback(it, interaction, { type: 4, data: { content: 'x' } })).rejects.toMatchObject({ code: 40060 });
  });

  test('an answer that comes too late is refused, and the person is told', async () => {
    await using it = await startWithRest({ ackMs: 40 });
    const interaction = await begin(it);
    await expect(interaction.shown).rejects.toThrow('The application did not respond');
    await expect(callback(it, interaction, { type: 5 })).rejects.toMatchObject({ status: 404, code: 10062 });
  });

  test('with_response tells the message that was made', async () => {
    await using it = await startWithRest();
    const interaction = await begin(it);
    expect(await callback(it, interaction, { type: 5, data: { flags: 64 } }, true)).toMatchObject({
      interaction: { id: interaction.id, type: 2, response_message_loading: true, response_message_ephemeral: true },
      resource: { type: 5, message: { flags: 192, content: '' } },
    });
  });

  test('a deferred reply is filled by an edit, and ephemeral stays ephemeral', async () => {
    await using it = await startWithRest();
    const interaction = await begin(it);
    await callback(it, interaction, { type: 5, data: { flags: 64 } });
    await it.rest.patch(original(interaction.token), { body: { content: 'Done.', flags: 0 }, auth: false });
    expect(it.discord.transcript()).toMatchObject([{ onlyFor: leiaId, message: { content: 'Done.', flags: 64 } }]);
    expect(it.discord.scene.view(lukeId).messages).toEqual([]);
    expect(await it.rest.get(Routes.channelMessages(generalId))).toEqual([]);
  });

  test('the first follow-up fills a deferred reply, the next one is a message of its own', async () => {
    await using it = await startWithRest();
    const interaction = await begin(it);
    await callback(it, interaction, { type: 5 });
    const route = Routes.webhook(botId, interaction.token);
    await it.rest.post(route, { body: { content: 'One.' }, auth: false });
    await it.rest.post(route, { body: { content: 'Two.', flags: 64 }, auth: false });
    const shown = it.discord.transcript().map(({ message, onlyFor }) => [message.content, onlyFor]);
    expect(shown).toEqual([
      ['One.', null],
      ['Two.', leiaId],
    ]);
  });

  test('before the first answer and for strangers there is no webhook, later the token dies', async () => {
    await using it = await startWithRest({ tokenMs: 120 });
    const interaction = await begin(it);
    const read = () => it.rest.get(original(interaction.token), { auth: false });
    await expect(read()).rejects.toMatchObject({ status: 404, code: 10015 });
    await expect(it.rest.get(original('stranger'), { auth: false })).rejects.toMatchObject({ code: 10015 });
    await callback(it, interaction, { type: 5 });
    await read();
    await new Promise((resolve) => setTimeout(resolve, 140));
    await expect(read()).rejects.toMatchObject({ status: 401, code: 50027 });
  });

  test('a command takes no answer that belongs to a button', async () => {
    await using it = await startWithRest();
    const interaction = await begin(it);
    await expect(callback(it, interaction, { type: 7, data: {} })).rejects.toMatchObject({ code: 50035 });
  });

  test('an answer may not be longer than a message', async () => {
    await using it = await startWithRest();
    const interaction = await begin(it);
    const long = callback(it, interaction, { type: 4, data: { content: 'x'.repeat(2001) } });
    await expect(long).rejects.toMatchObject({ code: 50035 });
    await callback(it, interaction, { type: 4, data: { content: 'Short.' } });
  });

  test('a click on a button can change the message that it stands in', async () => {
    await using it = await startWithRest();
    const button = { type: 2, style: 4, label: 'Deploy', custom_id: 'op:deploy' };
    const body = { content: 'Sure?', components: [{ type: 1, components: [button] }] };
    await it.rest.post(Routes.channelMessages(generalId), { body });
    const message = it.discord.scene.view(leiaId).messages[0];
    expect(message?.buttons).toEqual([{ id: 'op:deploy', label: 'Deploy', style: 'danger' }]);
    const told = new Promise<object>((resolve) =>
      it.discord.store.onHappening((happening) => happening.t === 'INTERACTION_CREATE' && resolve(happening.data)),
    );
    const clicked = it.discord.scene.act(leiaId, { kind: 'click', message: message?.id ?? '', button: 'op:deploy' });
    const data = await told;
    expect(data).toMatchObject({ type: 3, data: { custom_id: 'op:deploy' }, message: { id: message?.id } });
    const { id, token } = { id: '', token: '', ...data };
    await callback(it, { id, token }, { type: 7, data: { content: 'Deployed.', components: [] } });
    await clicked;
    expect(it.discord.scene.view(leiaId).messages).toMatchObject([{ text: 'Deployed.', buttons: [] }]);
  });
});
