/** How far a controller, one of several, can rely on being the only one to carry on what it began. */
export interface Tenure {
  /** Of this process; different after each start. */
  readonly life: string;
  /** Changes when others may have taken over what was begun before. */
  readonly era: number;
  /**
   * Until when (epoch ms by the clock of the bus) nobody else carries on what this controller began in an era; 0 when somebody may do so
   * already.
   */
  aloneUntil(era: number): number;
  /** Whether this controller still has a say in what it began in an era: others hear it, and have always heard it since. */
  holds(era: number): boolean;
}
