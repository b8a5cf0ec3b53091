export { bootstrapFromEnv } from './bootstrap-from-env.ts';
export { changePassword } from './change-password.ts';
export { completeSetup } from './complete-setup.ts';
export { hasUsers } from './has-users.ts';
export { insertUser, type NewUser } from './insert-user.ts';
export { logIn } from './log-in.ts';
export {
  createUserAsOperator,
  listUsers,
  OPERATOR,
  resetPasswordAsOperator,
  setOperator,
  type UserRow,
} from './operator.ts';
export {
  listOwnSessions,
  logOut,
  revokeOtherSessions,
  revokeOwnSession,
  type OwnSession,
} from './sessions.ts';
export { isSetupToken, prepareSetup } from './setup-token.ts';
