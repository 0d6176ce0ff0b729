import { direct } from './direct.ts';
import { naive } from './naive.ts';
import { nginx } from './nginx.ts';
import { portkey } from './portkey.ts';
import type { Target } from './target.ts';
import { tollgate } from './tollgate.ts';

/** In the order of the table's columns. */
export const targets: readonly Target[] = [direct, nginx, naive, portkey, tollgate];
