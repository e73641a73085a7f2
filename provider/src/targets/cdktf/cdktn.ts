import * as library from 'cdktn';
import { type CdktfLibrary, type OpenWhiskPlatformConfig, platformConstruct } from './platformConstruct';

/** The platform of containers for programs of `cdktn`, whose classes are those of `cdktf` under another name. */
export const OpenWhiskPlatform = platformConstruct(library as unknown as CdktfLibrary);
export type { OpenWhiskPlatformConfig };
