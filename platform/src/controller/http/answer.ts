/** What a handler gives back; headers common to all answers are added when it is written. */
export interface Answer {
  status: number;
  contentType?: string;
  body?: string | Buffer;
  headers?: Record<string, string | string[]>;
  /** Sent beside the others, also where a name is there already. */
  extraHeaders?: [string, string][];
  /** Without the headers every answer has. */
  bare?: boolean;
  /** Sent whatever the caller accepts: answers that are a status and its name. */
  unconditional?: boolean;
  /** Sent as `x-openwhisk-activation-id`. */
  activationId?: string;
}

export const jsonType = 'application/json';
export const plainTextType = 'text/plain; charset=UTF-8';

/** `body` is the JSON text itself. */
export function jsonAnswer(body: string, status = 200): Answer {
  return { status, contentType: jsonType, body };
}

export function textAnswer(body: string, status = 200): Answer {
  return { status, contentType: plainTextType, body };
}
