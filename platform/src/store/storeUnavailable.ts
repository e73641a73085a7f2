/** The database is not to be reached, or does not do what it is asked to; nothing is known to have been changed. */
export class StoreUnavailable extends Error {
  constructor(what: string, cause?: unknown) {
    super(`The database did not answer: ${what}.`, { cause });
    this.name = 'StoreUnavailable';
  }
}

/** The database is there and does not have us: an unknown login, or a certificate that is not trusted. Waiting changes nothing. */
export class StoreRefused extends StoreUnavailable {
  constructor(what: string, cause?: unknown) {
    super(what, cause);
    this.name = 'StoreRefused';
  }
}
