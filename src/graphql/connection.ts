import type { ClassType } from 'type-graphql';
import { ArgsType, Field, Int, ObjectType } from 'type-graphql';

/** The most that one page holds. */
export const PAGE_MAX = 100;

/** A page of something, as services give it: cursors are opaque to everyone else. */
export interface Page<T> {
  items: { cursor: string; node: T }[];
  hasNextPage: boolean;
  /** Where to go on, if not after the last one: a page may have looked further than it shows. */
  endCursor?: string | null;
}

@ObjectType({ description: 'Where a page is among all (Relay).' })
export class PageInfo {
  @Field(() => Boolean, {
    description: 'Whether there is more: ask again with `after: endCursor`.',
  })
  hasNextPage!: boolean;

  @Field(() => String, { description: 'Cursor of the last one on this page.', nullable: true })
  endCursor!: string | null;
}

@ArgsType()
export class PageArgs {
  @Field(() => Int, { description: `How many at most, 1 to ${PAGE_MAX}.`, defaultValue: 20 })
  first!: number;

  @Field(() => String, {
    description: 'Cursor to go on after; from the beginning unless given.',
    nullable: true,
  })
  after?: string;
}

export interface Connection<T> {
  edges: { cursor: string; node: T }[];
  nodes: T[];
  pageInfo: PageInfo;
}

/** The connection type of a node type, with its edges (https://relay.dev/graphql/connections.htm). */
export function connectionOf<T extends object>(
  node: ClassType<T>,
  name: string,
): ClassType<Connection<T>> {
  @ObjectType(`${name}Edge`, { description: `One ${name} of a page.` })
  class NodeEdge {
    @Field(() => String, { description: 'To go on after this one.' })
    cursor!: string;

    @Field(() => node, { description: 'The thing itself.' })
    node!: T;
  }

  @ObjectType(`${name}Connection`, { description: `A page of ${name} (Relay).` })
  class NodeConnection {
    @Field(() => [NodeEdge], { description: 'With their cursors.' })
    edges!: NodeEdge[];

    @Field(() => [node], { description: 'Without cursors.' })
    nodes!: T[];

    @Field(() => PageInfo, { description: 'Where the page is.' })
    pageInfo!: PageInfo;
  }
  return NodeConnection;
}

export const connected = <T>({ items, hasNextPage, endCursor }: Page<T>): Connection<T> => ({
  edges: items,
  nodes: items.map(({ node }) => node),
  pageInfo: { hasNextPage, endCursor: endCursor ?? items.at(-1)?.cursor ?? null },
});
