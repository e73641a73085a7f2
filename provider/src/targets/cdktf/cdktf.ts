import * as library from 'cdktf';
import { type OpenWhiskPlatformConfig, platformConstruct } from './platformConstruct';

/** The platform of containers for programs of `cdktf`; `./cdktn` has it for its successor. */
export const OpenWhiskPlatform = platformConstruct(library);
export type { OpenWhiskPlatformConfig };
