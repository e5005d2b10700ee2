import { expect, test } from 'vitest';
import { readCoverage } from '../../../emulators/core/coverage.ts';
import { workspace } from './workspace.ts';

test('the coverage table names every route, and no other', async () => {
  await using slack = await workspace();
  const rows = await readCoverage(new URL('../../../emulators/slack/coverage.md', import.meta.url));
  const routes = slack.routes.filter(({ path }) => !path.startsWith('/_emu/'));
  expect(rows.map(({ call }) => call).sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  expect(rows.filter(({ kept, leftOut }) => kept === '' || leftOut === '')).toEqual([]);
});
