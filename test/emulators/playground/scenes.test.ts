import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { startDiscord } from '../../../emulators/discord/discord.ts';
import { lukeId } from '../../../emulators/discord/world.ts';
import { startPlayground } from '../../../emulators/playground/server.ts';
import { startSlack } from '../../../emulators/slack/slack.ts';
import { luke } from '../../../emulators/slack/world.ts';

test('both emulated platforms know the same people, and one name in the address stands for both', async () => {
  const manifest = await readFile(new URL('../../../slack-manifest.yaml', import.meta.url), 'utf8');
  const secrets = { botToken: 'xoxb-fake', appToken: 'xapp-fake', signingSecret: 'fake' };
  await using slack = await startSlack({ manifest, ...secrets });
  await using discord = await startDiscord({ token: 'fake' });
  await using playground = await startPlayground({ port: 0, scenes: [slack.scene, discord.scene], about: [] });
  const read = async (path: string) => (await fetch(playground.url + path)).json();

  const both = { people: [{ key: 'leia' }, { key: 'luke' }] };
  expect(await read('/setup')).toMatchObject({ scenes: [both, both] });
  for (const [scene, me] of [
    [slack.scene, luke.id],
    [discord.scene, lukeId],
  ] as const) {
    expect(await read(`/scenes/${scene.name}/view?as=luke`)).toMatchObject({ me });
    await scene.act(me, { kind: 'say', channel: scene.view(me).channels[0]?.id ?? '', text: 'hello, @Yoda' });
    expect(await read(`/scenes/${scene.name}/view?as=leia`)).toMatchObject({
      view: { messages: [{ author: { id: me, name: 'Luke', bot: false } }] },
    });
    expect(scene.view('').messages).toEqual([]);
  }
});
