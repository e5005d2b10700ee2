import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { closest } from '../../src/commands/closest.ts';
import { fieldsOf } from '../../src/commands/fields.ts';
import { parseValues, verbOf } from '../../src/commands/grammar.ts';

const fields = fieldsOf(
  z.strictObject({
    note: z.string().describe('Why').optional(),
    dryRun: z.boolean().describe('Only say what would happen').optional(),
    version: z.int().positive().describe('Which version'),
    share: z.number().min(0).max(100).describe('Per cent of the traffic').optional(),
    machine: z.enum(['small', 'large']).describe('Where it runs').optional(),
  }),
);

describe('the fields of a command', () => {
  test('come from its zod object, required ones first, with whole-number bounds', () => {
    expect(fields.map((field) => field.name)).toEqual(['version', 'note', 'dry-run', 'share', 'machine']);
    expect(fields[0]).toEqual({ name: 'version', summary: 'Which version', kind: 'integer', required: true, min: 1 });
    expect(fields[3]).toMatchObject({ kind: 'number', min: 0, max: 100 });
    expect(fields[4]).toMatchObject({ kind: 'string', choices: ['small', 'large'] });
  });

  test('that no menu could show make the command fail to load', () => {
    expect(() => fieldsOf(z.strictObject({ a: z.string() }))).toThrow(/description/);
    expect(() => fieldsOf(z.strictObject({ a: z.array(z.string()).describe('many') }))).toThrow();
    expect(() => fieldsOf(z.object({ a: z.string().describe('loose') }))).toThrow(/strictObject/);
  });
});

describe('the grammar', () => {
  test.each([
    ['version:3', { version: 3 }],
    ['version:3 share:50 note:"a quiet day"', { version: 3, share: 50, note: 'a quiet day' }],
    ['version:3 note:“a quiet day”', { version: 3, note: 'a quiet day' }],
    ['version:3 dry-run:yes', { version: 3, dryRun: true }],
    ['version:3 dryRun:off', { version: 3, dryRun: false }],
    ['note:a:b', { note: 'a:b' }],
    ['', {}],
  ])('reads %s', (text, values) => {
    expect(parseValues(text, fields)).toEqual(values);
  });

  test.each([
    ['version 3', /has no name/],
    ['version:', /has no value/],
    ['version:three', /whole number, not `three`/],
    ['version:1 version:2', /given twice/],
    ['dry-run:yes dryRun:no', /given twice/],
    ['dry-run:perhaps', /yes or no/],
    ['note:"open', /not closed/],
    ['note:"a"b', /not closed/],
    ['vresion:3', /Did you mean `version`/],
    ['dry-rum:yes', /Did you mean `dry-run`/],
  ])('refuses %s instead of guessing', (text, words) => {
    expect(() => parseValues(text, fields)).toThrow(words);
  });

  test('takes the verb off the front', () => {
    expect(verbOf('  Status  ')).toEqual({ verb: 'status', rest: '' });
    expect(verbOf('deploy version:3')).toEqual({ verb: 'deploy', rest: ' version:3' });
  });

  test('finds the word that was meant, and none for nonsense', () => {
    expect(closest('statsu', ['status', 'train'])).toBe('status');
    expect(closest('xyzzy', ['status', 'train'])).toBeUndefined();
  });
});
