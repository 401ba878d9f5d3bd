/** Calls for help and reports, gathered so that ten of the same are one thing to see to. */
import { clock, t } from '../../i18n.js';
import type { Request } from '../../store/room.js';
import { nameOf, useAct, useRoom } from '../context.js';
import { Button, Status } from '../controls.js';

/** Those who ask for help, each once; and reports, all of the same person or message together. */
export function Requests() {
  const room = useRoom();
  const [act, refusal] = useAct();
  const cases = casesOf(room.requests);
  return (
    <>
      <h3>{t('requests.title')}</h3>
      {cases.length === 0 ? (
        <p class="hint">{t('requests.none')}</p>
      ) : (
        <ul class="requests">
          {cases.map(({ key, first, all }, place) => (
            <li key={key}>
              <p>
                <strong>{inWordsOf(first, all.length)}</strong> <time>{clock(first.at)}</time>
              </p>
              {all.map(
                ({ id, text }) =>
                  text && (
                    <p key={id} dir="auto">
                      {text}
                    </p>
                  ),
              )}
              {first.message && <Reported message={first.message} />}
              <Button
                meaning={`${place} ${all.length}`}
                onClick={() => act({ t: 'see_to', requests: all.map(({ id }) => id) })}
              >
                {t('requests.handled')}
              </Button>
            </li>
          ))}
        </ul>
      )}
      <Status text={refusal} />
    </>
  );

  function inWordsOf({ kind, by, name: known, who }: Request, n: number): string {
    const name = nameOf(room, by, known);
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
