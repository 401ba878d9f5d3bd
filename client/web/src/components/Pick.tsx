/** In a round in which each picks the next. */
import { useSignal } from '@preact/signals';
import { t } from '../i18n.js';
import { useAct, useRoom } from './context.js';
import { Button, Select, Status } from './controls.js';

export function Pick() {
  const room = useRoom();
  const [act, refusal] = useAct();
  const who = useSignal('');
  const others = room.participants.filter(p => p.presence === 'here' && p.id !== room.you);
  const picked = others.find(p => p.id === who.value);
  return (
    <div class="pick">
      <Select
        label={t('pick.label')}
        value={picked?.id ?? ''}
        options={[['', t('pick.nobody')], ...others.map(p => [p.id, p.name] as const)]}
        onChange={value => {
          who.value = value;
        }}
      />
      <Button disabled={!picked} onClick={() => act({ t: 'pick', who: who.value })}>
        {picked ? t('pick.do', { name: picked.name }) : t('pick.choose')}
      </Button>
      <Status text={refusal} />
    </div>
  );
}
