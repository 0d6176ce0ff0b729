import { Property } from '@mikro-orm/decorators/legacy';
import { CountColumn } from './column-types.ts';

/** One column for each usage class (`src/entities/usage.ts`), shared by records and roll-ups. */
export abstract class UsageColumns {
  @Property({ type: CountColumn })
  input!: number;

  @Property({ type: CountColumn })
  cacheRead!: number;

  @Property({ type: CountColumn })
  cacheWrite!: number;

  @Property({ type: CountColumn })
  output!: number;

  @Property({ type: CountColumn })
  reasoning!: number;

  @Property({ type: CountColumn })
  inputAudio!: number;

  @Property({ type: CountColumn })
  cacheReadAudio!: number;

  @Property({ type: CountColumn })
  outputAudio!: number;

  @Property({ type: CountColumn })
  images!: number;

  @Property({ type: CountColumn })
  audioMillis!: number;

  @Property({ type: CountColumn })
  requests!: number;
}
