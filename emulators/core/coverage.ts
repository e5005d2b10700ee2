import { readFile } from 'node:fs/promises';

/** One row of an emulator's coverage table: a call, how far it is kept, what is left out. */
export interface CoverageRow {
  readonly call: string;
  readonly kept: string;
  readonly leftOut: string;
}

/**
 * Reads the table of a `coverage.md`: rows of the form "| `GET /path` | what is kept | what is left out |".
 * A test compares its calls with the routes that the emulator registers, so that neither can drift from the other.
 */
export async function readCoverage(file: URL): Promise<readonly CoverageRow[]> {
  const text = await readFile(file, 'utf8');
  return text.split('\n').flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim());
    const call = /^`(.+)`$/.exec(cells[1] ?? '')?.[1];
    return call === undefined || cells.length < 5 ? [] : [{ call, kept: cells[2] ?? '', leftOut: cells[3] ?? '' }];
  });
}
