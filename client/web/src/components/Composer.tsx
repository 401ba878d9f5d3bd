/** Where one writes: to everyone, to the service team, to one person; and every command, as a line that begins with /. */
import { type Signal, useSignal } from '@preact/signals';
import { t } from '../i18n.js';
import { mayWriteTo, readersOf, silence } from '../store/chat.js';
import { serves } from '../store/roles.js';
import type { Message, Room } from '../store/room.js';
import { Completions, useCompletion } from './Completions.js';
import { nameOf, useAct, useApp, useRoom } from './context.js';
import { Button, Field, notice, Select, Status } from './controls.js';
import { isEnter, useSending } from './draft.js';
import { later } from './later.js';
import { useNotice } from './notice.js';
import type { Sight, Understood } from './typed.js';

const CommandHelp = later(async () => (await import('./CommandHelp.js')).CommandHelp);

const MOST_MESSAGE = 2000;
const SHORTENED = 80; // characters of a message that is replied to

interface Props {
  readonly replyTo: Signal<Message | null>;
  readonly field: { current: HTMLTextAreaElement | null };
}

export function Composer({ replyTo, field }: Props) {
  const { store, type, leave } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const draft = useSignal('');
  const chosen = useSignal('everyone');
  const isHelping = useSignal(false);
  const aim = useSignal<Room | null>(null);
  const to = mayWriteTo(room, chosen.value) ? chosen.value : 'everyone';
  const why = to === 'everyone' ? silence(room) : null;
  const original = replyTo.value;
  const role = store.role.value;
  const sight = (): Sight => {
    const now = store.room.peek() ?? room;
    return { room: now, aim: aim.value ?? now, now: store.now.peek(), role, replyTo: original };
  };

  const say = async (text: string) => {
    const isSaid = await act({ t: 'say', text, to, reply_to: original?.id });
    if (isSaid && replyTo.value === original) replyTo.value = null;
    return isSaid;
  };
  const post = useNotice(act);
  const { isSending, send } = useSending(draft, async text => {
    type(false);
    refusal.value = '';
    const asked = await understood(text, sight());
    if (asked.is !== 'problem') aim.value = null; // typed once more, it means what is in sight then
    switch (asked.is) {
      case 'say':
        return say(asked.text);
      case 'notice':
        return post(asked.text);
      case 'problem':
        refusal.value = asked.text;
        return false;
      case 'help':
        isHelping.value = true;
        return true;
      case 'leave':
        leave();
        return true;
      case 'ask': {
        const isDone = await act(asked.command);
        if (isDone) notice.value = t('typed.done', { word: asked.word });
        return isDone;
      }
    }
  });
  const write = (line: string) => {
    const isCommand = line.startsWith('/');
    if (!isCommand) aim.value = null;
    else aim.value ??= store.room.peek();
    draft.value = line;
    if (to === 'everyone') type(line !== '' && !isCommand);
  };
  const completion = useCompletion(draft.value, sight, write);
  const slow = room.chat.mode === 'slow' ? t('chat.slow', { n: Math.ceil(room.chat.every) }) : '';
  return (
    <form
      class="composer"
      onSubmit={event => {
        event.preventDefault();
        send();
      }}
    >
      {isHelping.value && (
        <CommandHelp
          onClose={() => {
            isHelping.value = false;
            field.current?.focus();
          }}
        />
      )}
      {original && (
        <p class="replied">
          <span dir="auto">
            {t('chat.replying', { name: nameOf(room, original.by, original.name), text: shortened(original.text) })}
          </span>{' '}
          <Button
            kind="quiet"
            onClick={() => {
              replyTo.value = null;
            }}
          >
            {t('chat.no_reply')}
          </Button>
        </p>
      )}
      <Readers chosen={chosen} to={to} />
      <Completions of={completion} />
      <div class="write">
        <Field label={t('chat.write')} hint={why ? t(`silence.${why}`) : slow} isPlain>
          {(id, describedBy) => (
            <textarea
              id={id}
              ref={field}
              aria-describedby={describedBy}
              {...completion.field}
              placeholder={t(serves(role) ? 'typed.placeholder' : 'chat.write')}
              rows={1}
              maxLength={MOST_MESSAGE}
              enterkeyhint="send"
              value={draft}
              onInput={event => write(event.currentTarget.value)}
              onKeyDown={event => {
                if (completion.takes(event) || !isEnter(event)) return;
                event.preventDefault();
                send();
              }}
            />
          )}
        </Field>
        <button type="submit" class="is-main" aria-disabled={isSending.value || undefined}>
          {t(isSending.value ? 'send.sending' : 'chat.send')}
        </button>
      </div>
      <Status text={refusal} />
    </form>
  );
}

/** What the line asks for; only what might be a command needs to be understood. */
async function understood(line: string, sight: Sight): Promise<Understood> {
  if (!/^[/!]|^done$/i.test(line)) return { is: 'say', text: line };
  try {
    return (await import('./typed.js')).understand(line, sight);
  } catch {
    return { is: 'problem', text: t('outcome.failed') }; // the line did not bring it
  }
}

function Readers({ chosen, to }: { readonly chosen: Signal<string>; readonly to: string }) {
  const readers = choices(useRoom());
  if (readers.length < 2) return null;
  return (
    <Select
      label={t('chat.to')}
      value={to}
      options={readers}
      onChange={value => {
        chosen.value = value;
      }}
    />
  );
}

/** To whom one may write, oneself excepted: everyone, the service team, and where the format allows it, persons. */
function choices(room: Room): readonly (readonly [id: string, name: string])[] {
  const people = readersOf(room);
  return [
    ['everyone', t('chat.everyone')],
    ...(mayWriteTo(room, 'service') ? [['service', t('chat.service')] as const] : []),
    ...people.map(person => [person.id, person.name] as const),
  ];
}

export const shortened = (text: string): string => (text.length > SHORTENED ? `${text.slice(0, SHORTENED)}…` : text);
