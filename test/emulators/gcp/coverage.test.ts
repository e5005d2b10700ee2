import { expect, test } from 'vitest';
import { readCoverage } from '../../../emulators/core/coverage.ts';
import { startEmulated } from '../../gcp/emulated.ts';

test('the coverage table names every call that is answered, and no other', async () => {
  await using gcp = await startEmulated();
  const rows = await readCoverage(new URL('../../../emulators/gcp/coverage.md', import.meta.url));
  const answered = gcp.routes.map(({ method, path }) => `${method} ${path}`);
  expect(rows.map(({ call }) => call).sort()).toEqual(answered.sort());
});
