/** What nginx has to know to be the edge of a platform. */
export interface Edge {
  /** `address:port` of the API and of the admin API of each controller. */
  controllers: readonly { api: string; admin: string }[];
  apiPort: number;
  /**
   * Another port of the API, for plain HTTP also with `tls`: for actions, which know no authority of the platform's own. An engine that
   * publishes one port at two addresses does not keep them in order anyway.
   */
  actionsPort?: number;
  /** Absent: the admin API is not reached through nginx. */
  adminPort?: number;
  /** Paths of certificate and key in PEM form; absent = plain HTTP. */
  tls?: { certificate: string; key: string };
  /** With `tls`: a port for plain HTTP that only leads to the other one. */
  redirectPort?: number;
  /** The API's host name: below it, each namespace has a name of its own for its web actions (`guest.example.com`). */
  domain?: string;
  /** Where nginx may write; default: where its packages do. */
  folders?: { temp: string; pid: string };
  /** Default: a process for each core. */
  workers?: number;
  /** What it logs to; default: the standard streams of its container. `access` may be `off`, `error` `stderr`. */
  logs?: { access: string; error: string };
  /** What a body may have at most, in nginx's notation; default 65m. */
  bodyLimit?: string;
}

/** A name or path would break out of its place in the configuration. */
export class EdgeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EdgeError';
  }
}

/** A body may be as long as an action's code; OpenWhisk's own nginx allows 65 MB, more than the API takes, so that its own answer is given. */
const BODY_LIMIT = '65m';
/** s; the controller answers a blocking call after 60, a request of any other kind after 65 (reference architecture, section 7). */
const READ_TIMEOUT = 75;
/** Connections to controllers that each worker keeps open. */
const KEEP_ALIVE = 512;

/**
 * The text of nginx.conf. A request goes to another controller only while none has got it, or when its method may be repeated: a POST
 * is never sent twice. A controller that refuses connections is left out for a moment. Throws EdgeError.
 */
export function edgeConfiguration(edge: Edge): string {
  check(edge);
  const { tls, domain, adminPort, folders, logs, redirectPort } = edge;
  const listen = (more = '') => [
    `listen ${edge.apiPort}${tls ? ' ssl' : ''}${more};`,
    ...(edge.actionsPort === undefined ? [] : [`listen ${edge.actionsPort}${more};`]),
  ];
  const blocks = [
    `worker_processes ${edge.workers ?? 'auto'};`,
    'worker_rlimit_nofile 8192;',
    // after other files have been read, requests that began before have their time
    `worker_shutdown_timeout ${READ_TIMEOUT + 15}s;`,
    `error_log ${logs?.error ?? 'stderr'} warn;`,
    ...(folders ? [`pid ${folders.pid};`] : []),
    'events { worker_connections 4096; }',
    block('http', [
      'server_tokens off;',
      `access_log ${logs?.access ?? '/dev/stdout'};`,
      ...(folders ? ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => `${kind}_temp_path ${folders.temp}/${kind};`) : []),
      `client_max_body_size ${edge.bodyLimit ?? BODY_LIMIT};`,
      'client_body_buffer_size 1m;',
      'client_header_timeout 15s;',
      'client_body_timeout 60s;',
      'reset_timedout_connection on;',
      'large_client_header_buffers 4 32k;',
      // what an action reads of its caller's headers does not depend on the edge
      'underscores_in_headers on;',
      'keepalive_timeout 75s;',
      'keepalive_requests 100000;',
      ...(tls ? tlsSettings(tls) : []),
      // the name a request had before OpenWhisk's own is kept
      block('map $http_x_request_id $transaction', ['default $http_x_request_id;', '"" $request_id;']),
      ...proxySettings(),
      upstream(
        'controllers',
        edge.controllers.map(({ api }) => api),
      ),
      server([...listen(' default_server'), 'server_name _;', ...edgeAnswers(), ...apiLocations(tls !== undefined)]),
      ...(domain === undefined ? [] : [server([...listen(), ...edgeAnswers(), ...namespaceSite(domain, tls !== undefined)])]),
      ...(redirectPort === undefined ? [] : [server([`listen ${redirectPort} default_server;`, 'return 308 https://$host$request_uri;'])]),
      ...(adminPort === undefined ? [] : adminServer(adminPort, edge.controllers, tls !== undefined)),
    ]),
  ];
  return `${blocks.join('\n')}\n`;
}

const HOST = '[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?';
const ADDRESS = new RegExp(`^(?:${HOST}|\\[[0-9A-Fa-f:]+\\]):\\d{1,5}$`);
const NAME = new RegExp(`^${HOST}$`);
const PATH = /^(?:\/[A-Za-z0-9/._@+-]*|off|stderr)$/;

function check({ controllers, domain, tls, folders, logs }: Edge): void {
  if (controllers.length === 0) throw new EdgeError('nginx needs at least one controller.');
  const refuse = (what: string, value: string | undefined, pattern: RegExp, form: string) => {
    if (value !== undefined && !pattern.test(value)) throw new EdgeError(`The ${what} '${value}' is not ${form}.`);
  };
  for (const { api, admin } of controllers) for (const address of [api, admin]) refuse('address', address, ADDRESS, 'host:port');
  refuse('domain', domain, NAME, 'the name of a host');
  for (const path of [tls?.certificate, tls?.key, folders?.temp, folders?.pid, logs?.access, logs?.error]) {
    refuse('path', path, PATH, "an absolute path of letters, digits and '/._@+-'");
  }
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

function upstream(name: string, addresses: readonly string[]): string {
  // A lone server is never left out: there is nobody else to ask. Of several one is left out after two failures, and for a moment only: when
  // all are, nobody is asked at all, and one that restarts is back soon.
  const servers = addresses.map((address) => `server ${address} max_fails=2 fail_timeout=1s;`);
  // known to all workers, so that one finding out is enough
  return block(`upstream ${name}`, [
    `zone ${name} 128k;`,
    'least_conn;',
    ...servers,
    `keepalive ${KEEP_ALIVE};`,
    'keepalive_requests 1000000;',
    'keepalive_timeout 55s;',
  ]);
}

function proxySettings(): string[] {
  return [
    'proxy_http_version 1.1;',
    'proxy_set_header Connection "";',
    'proxy_set_header Host $http_host;',
    'proxy_set_header X-Request-ID $transaction;',
    'proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;',
    'proxy_set_header X-Forwarded-Proto $scheme;',
    'proxy_connect_timeout 2s;',
    `proxy_read_timeout ${READ_TIMEOUT}s;`,
    `proxy_send_timeout ${READ_TIMEOUT}s;`,
    // Not non_idempotent: a POST that was sent stays with who got it. No http_5xx: an action may answer anything. The bound on the time
    // leaves, of time-outs, those of connecting.
    'proxy_next_upstream error timeout;',
    'proxy_next_upstream_tries 3;',
    'proxy_next_upstream_timeout 10s;',
    'proxy_buffering off;',
  ];
}

function server(lines: readonly string[]): string {
  return block('server', lines);
}

/** What nginx says itself, in the form of the API's errors. */
function edgeAnswers(): string[] {
  const answer = (status: number, error: string) =>
    block(`location @answer${status}`, ['default_type application/json;', `return ${status} '{"error":"${error}","code":"$request_id"}';`]);
  return [
    'error_page 413 @answer413;',
    'error_page 502 504 @answer502;',
    answer(413, 'The request is larger than allowed.'),
    answer(502, 'No controller answered; try again later.'),
  ];
}

/** Headers of one level replace those of the level above: each location names all it wants. */
function headers(tls: boolean, more: readonly string[] = []): string[] {
  return [...(tls ? ['Strict-Transport-Security "max-age=31536000"'] : []), ...more].map((header) => `add_header ${header} always;`);
}

function apiLocations(tls: boolean): string[] {
  return [
    block('location = /edge/health', ['default_type text/plain;', "return 200 'up';"]),
    // for operators, who reach a controller directly
    block('location ~ ^/(metrics|disable|invokers|activation)(/|$)', [
      'default_type application/json;',
      `return 404 '{"error":"The requested resource does not exist.","code":"$request_id"}';`,
    ]),
    // what a web action serves is its own business; what the API tells is data
    block('location /api/v1/namespaces', [
      ...headers(tls, ['X-Content-Type-Options nosniff', 'X-Frame-Options DENY']),
      'proxy_pass http://controllers;',
    ]),
    block('location /', [...headers(tls), 'proxy_pass http://controllers;']),
  ];
}

/** Web actions by the name of their namespace, as OpenWhisk's nginx rewrites them; the rest of the path as the client wrote it. */
function namespaceSite(domain: string, tls: boolean): string[] {
  const web = 'proxy_pass http://controllers/api/v1/web/$namespace';
  return [
    `server_name "~^(?<namespace>[0-9a-zA-Z-]+)\\.${domain.replaceAll('.', '\\.')}$";`,
    block('location = /', [...headers(tls), `${web}/public/index.html$is_args$args;`]),
    block('location /', [...headers(tls), `${web}$request_uri;`]),
  ];
}

function adminServer(port: number, controllers: Edge['controllers'], tls: boolean): string[] {
  return [
    upstream(
      'admin',
      controllers.map(({ admin }) => admin),
    ),
    server([`listen ${port}${tls ? ' ssl' : ''} default_server;`, block('location /', ['proxy_pass http://admin;'])]),
  ];
}

function block(head: string, lines: readonly string[]): string {
  return `${head} {\n${lines
    .join('\n')
    .split('\n')
    .map((line) => `  ${line}`)
    .join('\n')}\n}`;
}
