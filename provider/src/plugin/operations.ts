import { AdminClient } from '../openwhisk/adminClient';
import { OpenWhiskClient } from '../openwhisk/openWhiskClient';
import { DEFAULT_RETRY_POLICY } from '../openwhisk/retry';
import { ConfigurationError } from '../resources/errors';
import type { OperationContext } from '../resources/resourceModel';
import { findProjectRoot } from '../targets/projectRoot';
import type { EngineLog } from './engineLog';
import type { ProviderConfig } from './providerConfig';
import { nameOfUrn } from './resourceTypes';

export interface OperationOptions {
  urn: string;
  /** Seconds the engine allows; 0 or absent for the provider's own setting. */
  timeout?: number;
  maxRetries?: number;
}

/** Makes the context of each operation; holds the connections they share. */
export class Operations {
  private readonly cancelled = new AbortController();
  private config: ProviderConfig | undefined;
  private client: OpenWhiskClient | undefined;
  private adminClient: AdminClient | undefined;
  private readonly projectRoot = findProjectRoot(process.cwd());

  constructor(private readonly log: EngineLog) {}

  configure(config: ProviderConfig): void {
    this.config = config;
    this.client = undefined;
    this.adminClient = undefined;
  }

  /** Ends everything that runs; nothing starts afterwards. */
  cancel(): void {
    this.cancelled.abort();
  }

  context(options: OperationOptions): OperationContext {
    const seconds = options.timeout || this.settings().timeout;
    return {
      openwhisk: () => this.openwhisk(),
      admin: () => this.admin(),
      logicalName: nameOfUrn(options.urn),
      urn: options.urn,
      defaultNamespace: this.config?.namespace,
      programFolder: process.cwd(),
      projectRoot: this.projectRoot,
      signal: this.cancelled.signal,
      deadline: performance.now() + seconds * 1000,
      ...(options.maxRetries === undefined ? {} : { maxRetries: options.maxRetries }),
      log: (severity, message, { status = false } = {}) => this.log.write(severity, message, options.urn, status),
    };
  }

  private settings(): ProviderConfig {
    if (this.config === undefined) throw new ConfigurationError('The openwhisk provider was used before it was configured.');
    return this.config;
  }

  /** Whose certificates are accepted. */
  private trust(): Pick<ProviderConfig, 'insecure' | 'caCertificate'> {
    const { insecure, caCertificate } = this.settings();
    return { insecure, ...(caCertificate === undefined ? {} : { caCertificate }) };
  }

  private openwhisk(): OpenWhiskClient {
    const { apiHost, auth, maxRetries } = this.settings();
    if (apiHost === undefined) {
      throw new ConfigurationError(
        'The openwhisk provider has no API host; set openwhisk:apiHost, WHISK_APIHOST or APIHOST in ~/.wskprops.',
      );
    }
    if (auth === undefined) {
      throw new ConfigurationError(`The openwhisk provider has no key for ${apiHost}; set openwhisk:auth (as a secret) or WHISK_AUTH.`);
    }
    this.client ??= new OpenWhiskClient({ apiHost, auth, ...this.trust(), retry: { ...DEFAULT_RETRY_POLICY, maxRetries } });
    return this.client;
  }

  private admin(): AdminClient {
    const { adminUrl, adminKey, maxRetries } = this.settings();
    if (adminUrl === undefined || adminKey === undefined) {
      throw new ConfigurationError('Namespaces are made through the admin API; set adminUrl and adminKey on the openwhisk provider.');
    }
    this.adminClient ??= new AdminClient({ adminUrl, adminKey, ...this.trust(), retry: { ...DEFAULT_RETRY_POLICY, maxRetries } });
    return this.adminClient;
  }
}
