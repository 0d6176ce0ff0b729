import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql';
import { Event } from '../../entities/event.ts';
import { asked } from '../asked.ts';
import { connected, PageArgs } from '../connection.ts';
import type { Connection } from '../connection.ts';
import type { Context } from '../context.ts';
import { EventConnection, EventFilter } from '../types/event.ts';

@Resolver(() => Event)
export class EventResolver {
  @Query(() => EventConnection, {
    description:
      'What changed, newest first: the audit log, and what went on. A page may end early: go on after `endCursor` while there is a next page.',
  })
  async events(
    @Ctx() { actor, services }: Context,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => EventFilter, { description: 'Which of it.', nullable: true })
    filter?: EventFilter,
  ): Promise<Connection<Event>> {
    const { from, to, ...only } = filter ?? {};
    const times = asked({ fromMs: from?.getTime(), toMs: to?.getTime() });
    const input = { ...asked(page), ...asked(only), ...times };
    return connected(await services.history.list(actor, input));
  }
}
