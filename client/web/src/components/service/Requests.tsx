/** Calls for help and reports, gathered so that ten of the same are one thing to see to. */
import { clock, t } from '../../i18n.js';
import type { Request } from '../../store/room.js';
import { openRequests } from '../../store/safety.js';
import { nameOf, useAct, useApp, useRoom } from '../context.js';
import { Button, Status } from '../controls.js';

/** Those who ask for help, each once; and reports, all of the same person or message together. */
export function Requests() {
  const { store } = useApp();
  const room = useRoom();
  const cases = casesOf(openRequests(room, store.handled.value));
  return (
    <>
      <h3>{t('requests.title')}</h3>
      {cases.length === 0 ? (
        <p class="hint">{t('requests.none')}</p>
      ) : (
        <ul class="requests">
          {cases.map(({ key, first, all }) => (
            <li key={key}>
              <p>
                <strong>{inWordsOf(first, all.length)}</strong> <time>{clock(first.at)}</time>
              </p>
              {all.map(
                ({ seq, text }) =>
                  text && (
                    <p key={seq} dir="auto">
                      {text}
                    </p>
                  ),
              )}
              {first.message && <Reported message={first.message} />}
              <Button onClick={() => all.map(({ seq }) => store.hasHandled(seq))}>{t('requests.handled')}</Button>
            </li>
          ))}
        </ul>
      )}
    </>
  );

  function inWordsOf({ kind, by, who }: Request, n: number): string {
    const name = nameOf(room, by);
    if (kind === 'help') return t('requests.help', { name });
    if (n > 1)
      return who ? t('requests.reports_person', { n, other: nameOf(room, who) }) : t('requests.reports', { n });
    return who ? t('requests.report_person', { name, other: nameOf(room, who) }) : t('requests.report', { name });
  }
}

interface Case {
  readonly key: string;
  readonly first: Request;
  readonly all: readonly Request[];
}

function casesOf(requests: readonly Request[]): readonly Case[] {
  const cases = new Map<string, Case>();
  for (const request of requests) {
    const key = `${request.kind} ${request.kind === 'help' ? request.by : (request.message ?? request.who)}`;
    const { first, all } = cases.get(key) ?? { first: request, all: [] };
    cases.set(key, { key, first, all: [...all, request] });
  }
  return [...cases.values()];
}

function Reported({ message }: { readonly message: string }) {
  const room = useRoom();
  const [act, refusal] = useAct();
  const said = room.chat.messages.find(it => it.id === message);
  if (!said) return <p class="hint">{t('requests.gone')}</p>;
  return (
    <>
      <blockquote dir="auto">
        {nameOf(room, said.by, said.name)}: {said.text}
      </blockquote>
      <Button onClick={() => act({ t: 'unsay', message })}>{t('chat.unsay')}</Button>
      <Status text={refusal} />
    </>
  );
}
