/** What a function was asked about does not exist. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError';
}
