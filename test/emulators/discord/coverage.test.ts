import { expect, test } from 'vitest';
import { readCoverage } from '../../../emulators/core/coverage.ts';
import { startDiscord } from '../../../emulators/discord/discord.ts';
import { token } from './world.ts';

test('coverage.md lists the routes of the emulator, all of them and no others', async () => {
  await using discord = await startDiscord({ token });
  const rows = await readCoverage(new URL('../../../emulators/discord/coverage.md', import.meta.url));
  const routes = discord.routes.map(({ method, path }) => `${method} ${path}`);
  expect(rows.map(({ call }) => call).sort()).toEqual(routes.sort());
});
