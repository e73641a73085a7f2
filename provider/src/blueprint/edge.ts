/** What nginx has to know to be the edge of a platform. */
export interface Edge {
  /** `address:port` of the API and of the admin API of each controller. */
  controllers: readonly { api: string; admin: string }[];
  apiPort: number;
  /** Absent: the admin API is not reached through nginx. */
  adminPort?: number;
  /** Paths of certificate and key in PEM form; absent = plain HTTP. */
  tls?: { certificate: string; key: string };
  /** The API's host name: below it, each namespace has a name of its own for its web actions (`guest.example.com`). */
  domain?: string;
  /** Where nginx may write; default: where its packages do. */
  folders?: { temp: string; pid: string };
  /** Default: a process for each core. */
  workers?: number;
  /** What it logs to; default: the standard streams of its container. */
  logs?: { access: string; error: string };
}

/** A body may be as long as an action's code; OpenWhisk's own nginx allows 65 MB. */
const BODY_LIMIT = '65m';
/** s; the controller answers a blocking call after 60, a request of any other kind after 65 (reference architecture, section 7). */
const READ_TIMEOUT = 75;

/**
 * The text of nginx.conf. A request goes to another controller only while none has got it: what is not idempotent is never sent
 * twice. A controller that refuses connections is left out for a while.
 */
export function edgeConfiguration(edge: Edge): string {
  const { tls, domain, adminPort, folders, logs } = edge;
  const listen = `listen ${edge.apiPort}${tls ? ' ssl' : ''}`;
  const blocks = [
    `worker_processes ${edge.workers ?? 'auto'};`,
    'worker_rlimit_nofile 8192;',
    `error_log ${logs?.error ?? '/dev/stderr'} warn;`,
    ...(folders ? [`pid ${folders.pid};`] : []),
    'events { worker_connections 4096; }',
    block('http', [
      'server_tokens off;',
      `access_log ${logs?.access ?? '/dev/stdout'};`,
      ...(folders ? ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folders.temp}/${kind};`) : []),
      `client_max_body_size ${BODY_LIMIT};`,
      'client_body_timeout 60s;',
      'keepalive_timeout 75s;',
      'keepalive_requests 100000;',
      ...(tls ? tlsSettings(tls) : []),
      ...upstream(
        'controllers',
        edge.controllers.map(({ api }) => api),
      ),
      // the name a request had before OpenWhisk's own is kept
      block('map $http_x_request_id $transaction', ['default $http_x_request_id;', '"" $request_id;']),
      server([`${listen} default_server;`, 'server_name _;', ...apiLocations()]),
      ...(domain === undefined ? [] : [server([`${listen};`, ...namespaceSite(domain)])]),
      ...(adminPort === undefined ? [] : adminServer(adminPort, edge.controllers)),
    ]),
  ];
  return `${blocks.join('\n')}\n`;
}

function tlsSettings({ certificate, key }: { certificate: string; key: string }): string[] {
  return [
    `ssl_certificate ${certificate};`,
    `ssl_certificate_key ${key};`,
    'ssl_protocols TLSv1.2 TLSv1.3;',
    'ssl_session_cache shared:tls:1m;',
    'ssl_session_timeout 10m;',
  ];
}

function upstream(name: string, servers: readonly string[]): string[] {
  // a lone server is never left out: there is nobody else to ask
  const lines = servers.map((address) => `server ${address} max_fails=1 fail_timeout=5s;`);
  return [block(`upstream ${name}`, [...lines, 'keepalive 512;', 'keepalive_requests 1000000;', 'keepalive_timeout 55s;'])];
}

function server(lines: readonly string[]): string {
  return block('server', lines);
}

function apiLocations(): string[] {
  return [block('location = /metrics', ['return 403;']), block('location /', proxyTo('controllers'))];
}

/** Web actions by the name of their namespace, as OpenWhisk's nginx rewrites them. */
function namespaceSite(domain: string): string[] {
  return [
    `server_name ~^(?<namespace>[0-9a-zA-Z-]+)\\.${domain.replaceAll('.', '\\.')}$;`,
    block('location = /', ['rewrite ^ /api/v1/web/$namespace/public/index.html break;', ...proxyTo('controllers')]),
    block('location /', ['rewrite ^/(.*)$ /api/v1/web/$namespace/$1 break;', ...proxyTo('controllers')]),
  ];
}

function adminServer(port: number, controllers: Edge['controllers']): string[] {
  return [
    ...upstream(
      'admin',
      controllers.map(({ admin }) => admin),
    ),
    server([`listen ${port} default_server;`, block('location /', proxyTo('admin'))]),
  ];
}

function proxyTo(name: string): string[] {
  return [
    `proxy_pass http://${name};`,
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Request-ID $transaction;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_connect_timeout 2s;',
    `proxy_read_timeout ${READ_TIMEOUT}s;`,
    `proxy_send_timeout ${READ_TIMEOUT}s;`,
    'proxy_next_upstream error timeout;',
    'proxy_next_upstream_tries 3;',
    'proxy_next_upstream_timeout 10s;',
    'proxy_buffering off;',
    'add_header X-Content-Type-Options nosniff always;',
  ];
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines
    .join('\n')
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n}`;
}
