/** Who may do what, for showing or not showing it; the server has the last word (docs/protocol.md, Commands). */
import type { Participant, Role } from './room.js';

export const ROLES: readonly Role[] = ['facilitator', 'cofacilitator', 'timekeeper', 'greeter', 'member'];

export const leads = (role: Role): boolean => role === 'facilitator' || role === 'cofacilitator';
export const keepsTime = (role: Role): boolean => leads(role) || role === 'timekeeper';
export const greets = (role: Role): boolean => leads(role) || role === 'greeter';
export const serves = (role: Role): boolean => role !== 'member';

/** Whether `role` may lower, mute or remove `other`. */
export function mayActOn(role: Role, other: Participant): boolean {
  if (other.role === 'facilitator') return false;
  return leads(role) || (serves(role) && other.role === 'member');
}

/** The roles that `role` may give to `other`, the one they have included; one means there is no choice. */
export function rolesToGive(role: Role, other: Participant): readonly Role[] {
  if (!leads(role) || other.role === 'facilitator' || other.device === false) return [other.role];
  if (role === 'facilitator') return ['cofacilitator', 'timekeeper', 'greeter', 'member'];
  return other.role === 'cofacilitator' ? [other.role] : ['timekeeper', 'greeter', 'member'];
}
