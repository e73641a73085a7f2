import type { ProgramInfo } from '@pulumi/pulumi/proto/language_pb';

/** The `runtime.options` of a Pulumi.yaml that this host understands; anything else there is ignored. */
export interface ProgramOptions {
  /** false: the program is JavaScript, and TypeScript is not loaded. Default true. */
  readonly typescript: boolean;
  /** Skip type checking while the program loads. Unset: the environment or the tsconfig decides. */
  readonly transpileOnly?: boolean;
  /** Path of a tsconfig, relative to the project. Unset: tsconfig.json beside the program, when there is one. */
  readonly tsconfig?: string;
  /** Arguments for node itself, such as --inspect. */
  readonly nodeArgs: readonly string[];
}

/** Reads the options of a program's runtime; every one has a default, so a Pulumi.yaml without options is fine. */
export function programOptions(info: ProgramInfo | undefined): ProgramOptions {
  const raw = (info?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
  return {
    typescript: raw.typescript !== false,
    ...(typeof raw.transpileOnly === 'boolean' ? { transpileOnly: raw.transpileOnly } : {}),
    ...(typeof raw.tsconfig === 'string' ? { tsconfig: raw.tsconfig } : {}),
    nodeArgs: typeof raw.nodeargs === 'string' ? raw.nodeargs.split(/\s+/).filter((argument) => argument !== '') : [],
  };
}

/** The environment in which the SDK's runner loads a program with these options. */
export function programEnvironment(options: ProgramOptions, base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return {
    ...base,
    PULUMI_NODEJS_TYPESCRIPT: String(options.typescript),
    ...(options.transpileOnly === undefined ? {} : { PULUMI_NODEJS_TRANSPILE_ONLY: String(options.transpileOnly) }),
    ...(options.tsconfig === undefined ? {} : { PULUMI_NODEJS_TSCONFIG_PATH: options.tsconfig }),
  };
}
