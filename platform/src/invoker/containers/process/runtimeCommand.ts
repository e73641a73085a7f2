/** How a kind is run as a process of this machine. */
export interface RuntimeCommand {
  /** Absolute path. */
  executable: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
}
