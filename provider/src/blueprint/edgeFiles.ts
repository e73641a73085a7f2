import type { FileBlueprint, ServiceBlueprint } from './blueprint';
import { edgeConfiguration } from './edge';
import type { TlsFiles } from './tls';

/** Where nginx finds all it reads: a volume that another container fills, so that other files are no other nginx. */
const FOLDER = '/etc/nginx/platform';
const CONFIGURATION = `${FOLDER}/nginx.conf`;
const CERTIFICATE = `${FOLDER}/certificate.pem`;
const KEY = `${FOLDER}/key.pem`;
const VOLUME = 'files';
export const FILES_SERVICE = 'nginx-files';

/** Seconds until nginx has seen other files and takes requests by them. */
const SETTLE = 6;
const MEMORY = 64;

export interface EdgeFilesOptions {
  image: string;
  /** `address:port` of each controller. */
  controllers: readonly { api: string; admin: string }[];
  ports: { api: number; actions: number; admin: number };
  tls?: TlsFiles;
  domain?: string;
  healthTimeout: number;
}

/**
 * What nginx reads, in a container of its own that only puts it into a volume. It is made anew when a controller is added or taken away,
 * or a certificate is renewed; nginx goes on and reads it again, without losing a connection.
 */
export function edgeFiles({ image, controllers, ports, tls, domain, healthTimeout }: EdgeFilesOptions): ServiceBlueprint {
  const content = edgeConfiguration({
    controllers,
    apiPort: ports.api,
    secondApiPort: ports.actions,
    adminPort: ports.admin,
    ...(tls ? { tls: { certificate: CERTIFICATE, key: KEY } } : {}),
    ...(domain === undefined ? {} : { domain }),
  });
  const files: FileBlueprint[] = [{ path: CONFIGURATION, content }];
  if (tls) files.push({ path: CERTIFICATE, ...tls.certificate }, { path: KEY, ...tls.key, secret: true });
  return {
    name: FILES_SERVICE,
    image: { pulled: image },
    entrypoint: ['bash', '-c', 'trap exit TERM QUIT; sleep infinity & wait'],
    replicas: 1,
    env: {},
    secrets: {},
    ports: [],
    volumes: [{ name: VOLUME, path: FOLDER, retain: false }],
    files,
    health: { file: CONFIGURATION, timeout: healthTimeout, settle: SETTLE },
    // nginx hears of a controller when it is ready, and no longer when it goes
    needs: ['controller'],
    networks: 'none',
    memory: MEMORY,
    stopGrace: 2,
  };
}

/** The volume of `edgeFiles`, as nginx has it. */
export const EDGE_VOLUME = { name: VOLUME, service: FILES_SERVICE, path: FOLDER, retain: false } as const;

/**
 * nginx, and beside it what tells it to read its files again when they have changed, stayed the same for a second, and pass its own check:
 * files that do not go together, as when half of them are written, are never taken. All of it in the words of bash, which every image of
 * nginx's own has.
 */
export const EDGE_ENTRYPOINT: readonly string[] = [
  'bash',
  '-c',
  `
files() { for file in ${CONFIGURATION} ${CERTIFICATE} ${KEY}; do [ -f "$file" ] && echo "$(<"$file")"; done; }
taken=$(files) last=$taken
nginx -c ${CONFIGURATION} -g 'daemon off;' &
server=$!
trap 'kill -QUIT $server' TERM QUIT
while kill -0 $server 2>/dev/null; do
  sleep 1 &
  wait $!
  now=$(files)
  if [ "$now" != "$taken" ] && [ "$now" = "$last" ] && nginx -c ${CONFIGURATION} -t; then
    kill -HUP $server && taken=$now
  fi
  last=$now
done
wait $server
`.trim(),
];
