import { describeProvider } from './conformance/index.ts';
import { startRoute53Harness } from './route53-harness.ts';

describeProvider('Route 53 (a double)', () => startRoute53Harness(2), true);
