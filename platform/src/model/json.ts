/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/**
 * The text of a JSON value. Arguments and results travel as text from the request to the container and back: what is
 * not looked into is not parsed, so numbers keep every digit and the hot path does not serialise twice.
 */
export type JsonText = string;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
