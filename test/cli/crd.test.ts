import { expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { customResourceDefinitions } from '../../src/api/crd.ts';
import { cli } from './cli.ts';

test('crd prints one YAML stream with every definition', async () => {
  const { code, stdout, stderr } = await cli(['crd']);
  expect([code, stderr]).toEqual([0, '']);
  const documents = parseAllDocuments(stdout, { version: '1.1' });
  expect([...documents].map((document) => document.toJS() as unknown)).toEqual(customResourceDefinitions());
});
