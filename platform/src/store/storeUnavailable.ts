/** The database is not to be reached, or does not do what it is asked to; nothing is known to have been changed. */
export class StoreUnavailable extends Error {
  constructor(what: string, cause?: unknown) {
    super(`The database did not answer: ${what}.`, { cause });
    this.name = 'StoreUnavailable';
  }
}
