/** All that a person can ask of a room can be asked through this page. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const source = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter(name => /\.tsx?$/.test(name) && !name.startsWith('store'))
  .map(name => readFileSync(`src/${name}`, 'utf8'))
  .join('\n');

/** The first column of the table under "Commands" in docs/protocol.md. */
const commands = readFileSync('../../docs/protocol.md', 'utf8')
  .split('\n## ')
  .filter(section => section.startsWith('Commands'))
  .flatMap(section => section.split('\n'))
  .filter(line => line.startsWith('| `'))
  .slice(1)
  .flatMap(line => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));

test('the protocol has commands', () => expect(commands.length).toBeGreaterThan(45));

test.each(['unblock', ...commands.filter(name => name !== 'end')])('%s', name => expect(source).toContain(`'${name}'`));

test('end', () => expect(source).toContain("t: 'end'"));
