/** The chat: what was said, and where one writes. */
import { useComputed, useSignal } from '@preact/signals';
import { useCallback, useRef } from 'preact/hooks';
import { clock, t } from '../i18n.js';
import { greets } from '../store/roles.js';
import type { Message, Room } from '../store/room.js';
import { Composer, shortened } from './Composer.js';
import { nameOf, useAct, useApp, useRoom } from './context.js';
import { Button, Disclosure, More, Status } from './controls.js';
import { Follow } from './Follow.js';
import { HelpForm } from './HelpForm.js';
import { useLatest } from './pieces.js';
import { Reactions } from './Reactions.js';

export function Chat() {
  const room = useRoom();
  const replyTo = useSignal<Message | null>(null);
  const { messages, pinned } = room.chat;
  const field = useRef<HTMLTextAreaElement>(null);
  const reply = useCallback(
    (message: Message) => {
      replyTo.value = message;
      field.current?.focus();
    },
    [replyTo],
  );
  const isAtEnd = useRef(true);
  const [from, showEarlier] = useLatest(messages, isAtEnd);
  return (
    <section class="chat" aria-labelledby="chat-title">
      <h2 id="chat-title">{t('chat.title')}</h2>
      <Pinned messages={messages.filter(message => pinned.includes(message.id))} />
      <Follow
        label={t('chat.messages')}
        count={messages.length}
        first={messages[from]?.id}
        last={messages.at(-1)?.id}
        class="messages"
        role="log"
        isAtEnd={isAtEnd}
        onEarlier={from > 0 ? showEarlier : undefined}
      >
        {messages.length === 0 && <p class="hint">{t('chat.empty')}</p>}
        {messages.slice(from).map(message => (
          <Row key={message.id} message={message} onReply={reply} />
        ))}
      </Follow>
      <Typing />
      <Composer replyTo={replyTo} field={field} />
    </section>
  );
}

function Pinned({ messages }: { readonly messages: readonly Message[] }) {
  const room = useRoom();
  if (messages.length === 0) return null;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset does not scroll
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <div class="pinned" role="group" aria-label={t('chat.pinned')} tabIndex={0}>
      <ul>
        {messages.map(message => (
          <li key={message.id}>
            <span aria-hidden="true">📌 </span>
            <span dir="auto">{message.text}</span> <span class="hint">{nameOf(room, message.by, message.name)}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

interface RowProps {
  readonly message: Message;
  readonly onReply: (message: Message) => void;
}

function Row({ message, onReply }: RowProps) {
  const room = useRoom();
  // Computed, so that a row is drawn anew for its own sake only, and not for each name and message that comes.
  const name = useComputed(() => nameOf(room, message.by, message.name)).value;
  const { reply_to } = message;
  const original = useComputed(() => reply_to && room.chat.messages.find(it => it.id === reply_to)).value;
  const aside = useComputed(() => asideOf(room, message)).value;
  const isMine = message.by === room.you;
  const isLatestOfMine = useComputed(
    () => message.by === room.you && room.chat.messages.findLast(it => it.by === room.you)?.id === message.id,
  ).value;
  return (
    <article class={`message ${isMine ? 'is-mine' : ''} ${aside ? 'is-aside' : ''} ${message.by ? '' : 'is-room'}`}>
      <header>
        <strong>{isMine ? t('name.you', { name }) : name}</strong> <time>{clock(message.at)}</time>
        {aside && <span class="tag">{aside}</span>}
      </header>
      {message.reply_to !== undefined && (
        <p class="replied" dir="auto">
          {original
            ? t('chat.in_reply', { name: nameOf(room, original.by, original.name), text: shortened(original.text) })
            : t('chat.in_reply_to_gone')}
        </p>
      )}
      <p class="said" dir="auto">
        {message.text}
      </p>
      <Reactions to={message.id} counts={message.reactions} label={t('react.given', { name })} areGiven />
      {isLatestOfMine && <TakeBack message={message} />}
      <Actions message={message} name={name} onReply={onReply} isLatestOfMine={isLatestOfMine} />
    </article>
  );
}

interface ActionsProps extends RowProps {
  readonly name: string;
  /** Its taking back has a button of its own. */
  readonly isLatestOfMine: boolean;
}

function Actions({ name, ...props }: ActionsProps) {
  return <More label={t('chat.more_of', { name })}>{close => <Deeds name={name} close={close} {...props} />}</More>;
}

/** One's own latest message can be taken back at once. */
function TakeBack({ message }: { readonly message: Message }) {
  const [act, refusal] = useAct();
  return (
    <>
      <Button kind="quiet" onClick={() => act({ t: 'unsay', message: message.id })}>
        {t('chat.unsay')}
      </Button>
      <Status text={refusal} />
    </>
  );
}

function Deeds({ message, name, onReply, isLatestOfMine, close }: ActionsProps & { readonly close: () => void }) {
  const { store } = useApp();
  const room = useRoom();
  const [act, refusal] = useAct();
  const isMine = message.by === room.you;
  const isPinned = room.chat.pinned.includes(message.id);
  return (
    <>
      <Reactions to={message.id} counts={message.reactions} label={t('react.message', { name })} />
      <div class="row">
        <Button
          onClick={() => {
            close();
            onReply(message);
          }}
        >
          {t('chat.reply')}
        </Button>
        {!isLatestOfMine && (isMine || greets(store.role.value)) && (
          <Button onClick={() => act({ t: 'unsay', message: message.id })}>{t('chat.unsay')}</Button>
        )}
        {greets(store.role.value) && message.to === 'everyone' && (
          <Button onClick={() => act({ t: isPinned ? 'unpin' : 'pin', message: message.id })}>
            {t(isPinned ? 'chat.unpin' : 'chat.pin')}
          </Button>
        )}
        {!isMine && message.by !== null && (
          <Disclosure name={t('report.begin')}>
            {done => <HelpForm about={{ message: message.id }} onDone={done} />}
          </Disclosure>
        )}
      </div>
      <Status text={refusal} />
    </>
  );
}

function Typing() {
  const { store } = useApp();
  const room = useRoom();
  const now = store.now.value;
  const names = Object.entries(store.typing.value)
    .filter(([who, until]) => until > now && who !== room.you)
    .map(([who]) => nameOf(room, who));
  const [first, second] = names;
  return (
    <p class="typing hint">
      {first !== undefined &&
        (names.length > 2
          ? t('typing.many', { n: names.length })
          : second === undefined
            ? t('typing.one', { name: first })
            : t('typing.two', { name: first, other: second }))}
    </p>
  );
}

/** That a message is not for everyone, and between whom it is. */
function asideOf(room: Room, message: Message): string | null {
  if (message.to === 'everyone') return null;
  if (message.to === 'service') return t('chat.aside_service');
  return message.to === room.you ? t('chat.aside_you') : t('chat.aside', { name: nameOf(room, message.to) });
}
