/** Emergency numbers and help lines of a country, as whoever hosts the site has them. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { countryName, countryOf, dateOf, t } from '../i18n.js';
import { useApp } from './context.js';
import { Select } from './controls.js';

interface Checked {
  readonly checked?: string;
}

interface Country extends Checked {
  readonly code: string;
  readonly emergency: readonly string[];
  readonly line?: readonly (Checked & { readonly name: string; readonly number: string; readonly note?: string })[];
}

/** What the server has at `/help.json`. */
export interface Lines {
  /** The day on which the list was written, for what nobody has checked since. */
  readonly written: string;
  readonly country: readonly Country[];
}

export function HelpLines() {
  const { fetchHelp } = useApp();
  const lines = useSignal<Lines | null>(null);
  const isMissing = useSignal(false);
  const chosen = useSignal(countryOf() ?? '');
  useEffect(() => {
    fetchHelp().then(
      found => {
        lines.value = found;
      },
      () => {
        isMissing.value = true;
      },
    );
  }, [fetchHelp, lines, isMissing]);
  const country = lines.value?.country.find(it => it.code === chosen.value);
  const names = (lines.value?.country ?? [])
    .map(({ code }) => [code, countryName(code)] as const)
    .toSorted(([, a], [, b]) => a.localeCompare(b));
  return (
    <div class="help-lines">
      <p>{t('lines.lead')}</p>
      {isMissing.value && <p role="status">{t('lines.missing')}</p>}
      {lines.value && (
        <Select
          label={t('lines.country')}
          value={country ? chosen.value : ''}
          options={[...(country ? [] : [['', t('lines.choose')] as const]), ...names]}
          onChange={code => {
            chosen.value = code;
          }}
        />
      )}
      {country && lines.value && (
        <ul>
          {country.emergency.map(number => (
            <li key={number}>
              {t('lines.emergency')} <Call number={number} />
            </li>
          ))}
          <li>
            <CheckedOn checked={country.checked} written={lines.value.written} />
          </li>
          {country.line?.map(line => (
            <li key={line.number}>
              <bdi>{line.name}</bdi> <Call number={line.number} />
              {line.note && <p dir="auto">{line.note}</p>}
              <CheckedOn checked={line.checked} written={lines.value?.written ?? ''} />
            </li>
          ))}
        </ul>
      )}
      <p class="hint">
        {t('lines.elsewhere')} <Call number="112" />
      </p>
    </div>
  );
}

function Call({ number }: { readonly number: string }) {
  return (
    <a href={`tel:${number.replace(/[ /]/g, '')}`} dir="ltr">
      {number}
    </a>
  );
}

interface CheckedOnProps {
  readonly checked: string | undefined;
  readonly written: string;
}

function CheckedOn({ checked, written }: CheckedOnProps) {
  const said = checked
    ? t('lines.checked', { date: dateOf(checked) })
    : t('lines.unchecked', { year: written.slice(0, 4) });
  return <p class="hint">{said}</p>;
}
