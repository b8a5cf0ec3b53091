export { acceptInvitation, acceptInvitationAsNewUser } from './accept-invitation.ts';
export { addMember } from './add-member.ts';
export { changeRole } from './change-role.ts';
export {
  listInvitations,
  readInvitation,
  revokeInvitation,
  type InvitationView,
  type OpenInvitation,
} from './invitations.ts';
export { invite } from './invite.ts';
export { listMembers, type MemberView } from './list-members.ts';
export { removeMember } from './remove-member.ts';
