/** An answer of the admin API that is an error: one sentence for the administrator. */
export class AdminError extends Error {
  constructor(
    readonly status: 400 | 401 | 404 | 409,
    message: string,
  ) {
    super(message);
    this.name = 'AdminError';
  }
}
