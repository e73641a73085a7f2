import type { LoadBalancer } from '../balancer/loadBalancer';
import type { PlatformConfig, SystemLimits } from '../config/settings';
import type { RuntimesManifest } from '../model/runtimesManifest';
import { rootDocument } from './docs/swagger';
import { type Answer, jsonAnswer, textAnswer } from './http/answer';
import { rootCors } from './http/cors';
import { ApiError, MethodNotAllowed } from './http/errors';
import type { ApiRequest } from './http/request';

const mebibyte = 1024 * 1024;

type Handler = (request: ApiRequest) => Answer | Promise<Answer>;

/** What `GET /metrics` shows. */
export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

interface RootRoute {
  method: 'GET' | 'POST';
  handle: Handler;
  /** `/` and `/ping` carry no CORS headers. */
  cors: boolean;
}

/** What lies outside `/api/v1`: reference rest-api, section 2. */
export class RootRoutes {
  private readonly routes: Map<string, RootRoute>;
  private readonly info: string;

  constructor(
    private readonly balancer: LoadBalancer,
    private readonly config: PlatformConfig,
    manifest: RuntimesManifest,
    version: string,
    private readonly disable: () => void,
    metrics?: MetricsSource,
  ) {
    const document = JSON.stringify(rootDocument(version));
    this.info = JSON.stringify(info(config.limits, manifest));
    const get = (handle: Handler, cors = true): RootRoute => ({ method: 'GET', handle, cors });
    this.routes = new Map<string, RootRoute>([
      ['/', get(() => jsonAnswer(this.info), false)],
      ['/ping', get(() => textAnswer('pong'), false)],
      ['/api-docs', get(() => jsonAnswer(document))],
      ['/docs', get(() => docsRedirect('docs/index.html?url=/api-docs'))],
      ['/invokers', get(() => jsonAnswer(JSON.stringify(Object.fromEntries(balancer.invokers().map((i) => [i.name, i.status])))))],
      ['/invokers/healthy/count', get(() => jsonAnswer(String(this.healthy())))],
      ['/invokers/ready', get(() => this.ready())],
      ['/activation', get(() => jsonAnswer(JSON.stringify(balancer.active())))],
      ['/activation/count', get(() => jsonAnswer(String(balancer.activeTotal)))],
      ...(metrics ? ([['/metrics', get(async () => metricsAnswer(metrics), false)]] as const) : []),
      ['/disable', { method: 'POST', handle: (request) => this.disableController(request), cors: true }],
    ]);
  }

  async handle(request: ApiRequest): Promise<Answer> {
    const route = this.routes.get(request.path);
    if (request.method === 'OPTIONS') return { ...textAnswer('OK'), headers: rootCors };
    if (!route) throw new MethodNotAllowed('OPTIONS');
    if (request.method !== route.method) throw new MethodNotAllowed([route.method, 'OPTIONS'].sort().join(', '));
    const answer = await route.handle(request);
    return route.cors ? { ...answer, headers: { ...rootCors, ...answer.headers } } : answer;
  }

  private healthy(): number {
    return this.balancer.invokers().filter((i) => i.status === 'up').length;
  }

  private ready(): Answer {
    const all = this.balancer.invokers().length;
    const healthy = this.healthy();
    if (all > 0 && healthy === all) return jsonAnswer(JSON.stringify({ healthy: `${healthy}/${all}` }));
    return jsonAnswer(JSON.stringify({ unhealthy: `${all - healthy}/${all}` }), 500);
  }

  private disableController({ headers }: ApiRequest): Answer {
    const basic = /^basic +(\S+)$/i.exec(headers.authorization ?? '');
    if (!basic) throw new ApiError(401, 'Authentication is possible but has failed or not yet been provided.');
    const { username, password } = this.config.controller;
    if (Buffer.from(basic[1]!, 'base64').toString('utf8') !== `${username}:${password}`) {
      throw new ApiError(401, 'username or password are wrong.');
    }
    this.disable();
    return textAnswer('controller is disabled');
  }
}

async function metricsAnswer(metrics: MetricsSource): Promise<Answer> {
  return { status: 200, contentType: metrics.contentType, body: await metrics.text(), unconditional: true };
}

/** To the page that shows a document; deployments put one there. */
export function docsRedirect(location: string): Answer {
  return {
    status: 308,
    contentType: 'text/html; charset=UTF-8',
    body: `The document is shown at <a href="${location}">${location}</a>.`,
    headers: { Location: location },
    unconditional: true,
  };
}

/** Durations in ms, sizes in bytes. */
function info(limits: SystemLimits, manifest: RuntimesManifest): object {
  const bounds = {
    min_action_duration: limits.timeout.min,
    max_action_duration: limits.timeout.max,
    min_action_memory: limits.memory.min * mebibyte,
    max_action_memory: limits.memory.max * mebibyte,
    min_action_logs: limits.logs.min * mebibyte,
    max_action_logs: limits.logs.max * mebibyte,
  };
  const runtimes: Record<string, object[]> = {};
  for (const { family, kind, image, deprecated, default: isDefault, attached, requireMain } of manifest.runtimes) {
    runtimes[family] ??= [];
    runtimes[family].push({ kind, image, deprecated, default: isDefault, attached, requireMain });
  }
  return {
    description: 'OpenWhisk',
    support: { github: 'https://github.com/apache/openwhisk/issues', slack: 'http://slack.openwhisk.org' },
    api_paths: ['/api/v1'],
    limits: {
      actions_per_minute: limits.invocationsPerMinute,
      triggers_per_minute: limits.firesPerMinute,
      concurrent_actions: limits.concurrentInvocations,
      sequence_length: limits.sequenceMaxLength,
      ...Object.fromEntries(Object.entries(bounds).map(([name, value]) => [`default_${name}`, value])),
      ...bounds,
    },
    runtimes,
  };
}
