/** The chart as people use it: rendered in every combination, installed by both Helms, and the operator under exactly what it renders. */
import { afterAll, beforeAll } from '@jest/globals';
import { startSite, type Site } from '../support/site.ts';
import { rendering } from './chart/rendering.ts';

let site: Site;
beforeAll(async () => {
  site = await startSite();
});
afterAll(() => site.stop());

rendering(() => site);
