/** Something a user can put right: shown as its one sentence, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
