import { GraphiQL } from 'graphiql';
import { useMemo, useRef, useState } from 'react';
import { createFetcher } from './fetcher.ts';
import { authorizationIn, isFirstVisit, lastAuthorization, session } from './session.ts';
import { missingSecret, presetHeaders, tabs } from './welcome.ts';

/** Somebody who types has come to an end after so long. */
const PAUSE_MS = 500;

export function Playground() {
  const [authorization, setAuthorization] = useState(lastAuthorization);
  const [problem, setProblem] = useState<string | null>(null);
  const notice = authorization === null ? missingSecret : problem;
  // GraphiQL reads the schema when it is given another fetcher: it may be another for somebody else.
  const fetcher = useMemo(() => createFetcher(setProblem), [authorization]);

  const typing = useRef<number>(undefined);
  const onEditHeaders = (text: string) => {
    window.clearTimeout(typing.current);
    typing.current = window.setTimeout(() => {
      setAuthorization((current) => authorizationIn(text) ?? current);
    }, PAUSE_MS);
  };

  return (
    <>
      {notice === null ? null : (
        <p className="notice" role="status">
          <strong>No schema yet.</strong> {notice}
        </p>
      )}
      <GraphiQL
        fetcher={fetcher}
        // Null: not to be asked for.
        {...(authorization === null ? { schema: null } : {})}
        storage={session}
        // In the session alone, see there: the choice is not offered.
        shouldPersistHeaders
        showPersistHeadersSettings={false}
        defaultTabs={tabs}
        defaultQuery=""
        {...(isFirstVisit ? { initialHeaders: presetHeaders } : {})}
        defaultEditorToolsVisibility="headers"
        onEditHeaders={onEditHeaders}
      >
        <GraphiQL.Logo>Tollgate</GraphiQL.Logo>
      </GraphiQL>
    </>
  );
}
