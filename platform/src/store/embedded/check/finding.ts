/** Something in the store that is not as it must be. */
export interface Finding {
  /** File, or table and key. */
  where: string;
  /** One sentence. */
  problem: string;
  /** Puts it right without guessing at what users stored; absent where only a backup can. */
  repair?: () => void | Promise<void>;
  /** What the repair costs, where it costs something. */
  loses?: string;
}
