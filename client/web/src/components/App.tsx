/** Which page is shown. */
import { useEffect, useRef } from 'preact/hooks';
import { Coming } from './Coming.js';
import { useApp } from './context.js';
import { Goodbye } from './Goodbye.js';
import { Join } from './Join.js';
import { Refusal } from './Refusal.js';
import { RoomPage } from './RoomPage.js';
import { Waiting } from './Waiting.js';

export function App() {
  const { store, meeting } = useApp();
  const page = store.page.value;
  const name = store.room.value?.meeting.name ?? meeting.value.name;
  useEffect(() => {
    document.title = `${name} · Openchair`;
  }, [name]);
  const shown = useRef(page.at);
  useEffect(() => {
    if (shown.current === page.at) return;
    shown.current = page.at;
    const heading = document.querySelector('h1'); // another page begins there, for those who hear it too
    heading?.setAttribute('tabindex', '-1');
    heading?.focus();
  }, [page.at]);
  switch (page.at) {
    case 'join':
      return <Join />;
    case 'coming':
      return <Coming />;
    case 'waiting':
      return <Waiting waiting={page.waiting} />;
    case 'refused':
      return <Refusal refusal={page.refusal} retryAt={page.retryAt} />;
    case 'goodbye':
      return <Goodbye why={page.why} />;
    case 'room':
      return <RoomPage />;
  }
}
