/** The content of a body is not what the entity wants; shown to the client as the detail of a malformed body (400). */
export class MalformedEntity extends Error {
  constructor(readonly detail: string) {
    super(detail);
    this.name = 'MalformedEntity';
  }
}

/** A value is of the right type and out of bounds; shown bare, with OpenWhisk's prefix (400). */
export class RequirementFailed extends Error {
  constructor(text: string) {
    super(`requirement failed: ${text}`);
    this.name = 'RequirementFailed';
  }
}

/** A part of an entity is larger than the platform takes (413). */
export class EntityTooLarge extends Error {
  constructor(field: string, is: number, allowed: number) {
    super(`${field} larger than allowed: ${is} > ${allowed} bytes.`);
    this.name = 'EntityTooLarge';
  }
}
