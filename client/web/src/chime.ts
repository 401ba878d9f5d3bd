/** A soft chime and a short vibration, for those who have asked for them; never for more than their own clock. */
import { signal } from '@preact/signals';

/** Whether this person wants them. */
export const isChiming = signal(false);

const TONES = [523.25, 784]; // Hz: C and the G above it
const RINGS = 1.6; // seconds

let audio: AudioContext | null = null;

/** Ring, if it is wanted. Where a browser has no sound or no vibration, the page's words and shapes say the same. */
export function chime(): void {
  if (!isChiming.value) return;
  navigator.vibrate?.(120);
  if (typeof AudioContext === 'undefined') return;
  audio ??= new AudioContext();
  void audio.resume();
  const now = audio.currentTime;
  for (const [index, frequency] of TONES.entries()) {
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    const start = now + index * 0.18;
    tone.frequency.value = frequency;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(0.12, start + 0.03);
    volume.gain.exponentialRampToValueAtTime(0.0001, start + RINGS);
    tone.connect(volume).connect(audio.destination);
    tone.start(start);
    tone.stop(start + RINGS);
  }
}
