import type { FileBlueprint, ServiceBlueprint } from './blueprint';
import { edgeConfiguration } from './edge';
import type { TlsFiles } from './tls';

/** Where nginx finds all it reads: a volume that another container fills, so that other files are no other nginx. */
const FOLDER = '/etc/nginx/platform';
const CONFIGURATION = `${FOLDER}/nginx.conf`;
const CERTIFICATE = `${FOLDER}/certificate.pem`;
const KEY = `${FOLDER}/key.pem`;
/** Whose files are in the volume, and whose nginx reads: a name each. */
const PRESENT = `${FOLDER}/present`;
const TAKEN = `${FOLDER}/taken`;
/** Whose files nginx does not take, and what it said of them. */
const REFUSED = `${FOLDER}/refused`;
const REASON = `${FOLDER}/reason`;
const VOLUME = 'files';
export const FILES_SERVICE = 'nginx-files';

const MEMORY = 64;

/** In the container of the files: nginx reads them, or is not there to. */
const READY = '/tmp/ready';
/** Tenths of a second an nginx that was there once is waited for. */
const PATIENCE = 100;
/** Files are there before a container starts, so that who finds its name finds all of them. */
const FILES_ENTRYPOINT: readonly string[] = [
  'bash',
  '-c',
  `
trap exit TERM QUIT
echo "$HOSTNAME" > ${PRESENT}
for ((i = 0; i < ${PATIENCE}; i++)); do
  [ -e ${TAKEN} ] || break
  [ "$(<${TAKEN})" = "$HOSTNAME" ] && break
  if [ -e ${REFUSED} ] && [ "$(<${REFUSED})" = "$HOSTNAME" ]; then
    echo "nginx goes on with what it read before; of these files it said: $(<${REASON})"
    exit 1
  fi
  sleep 0.1
done
echo ready > ${READY}
sleep infinity & wait
`.trim(),
];

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
    actionsPort: ports.actions,
    adminPort: ports.admin,
    ...(tls ? { tls: { certificate: CERTIFICATE, key: KEY } } : {}),
    ...(domain === undefined ? {} : { domain }),
  });
  const files: FileBlueprint[] = [{ path: CONFIGURATION, content }];
  if (tls) files.push({ path: CERTIFICATE, ...tls.certificate }, { path: KEY, ...tls.key, secret: true });
  return {
    name: FILES_SERVICE,
    image: { pulled: image },
    entrypoint: FILES_ENTRYPOINT,
    replicas: 1,
    env: {},
    secrets: {},
    ports: [],
    volumes: [{ name: VOLUME, path: FOLDER, retain: false }],
    files,
    health: { file: READY, timeout: healthTimeout },
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
 * nginx, and beside it what tells it to read its files again when they are those of another container and pass its own check, and notes a
 * moment later that it has taken them, or at once that it has not. All of it in the words of bash, which every image of nginx's own has.
 */
export const EDGE_ENTRYPOINT: readonly string[] = [
  'bash',
  '-c',
  `
present() { [ -f ${PRESENT} ] && echo "$(<${PRESENT})"; }
taken=$(present) told= refused=
nginx -c ${CONFIGURATION} -g 'daemon off;' &
server=$!
trap 'kill -QUIT $server' TERM QUIT
while kill -0 $server 2>/dev/null; do
  sleep 0.5 &
  wait $!
  if [ "$told" != "$taken" ]; then echo "$taken" > ${TAKEN}; told=$taken; fi
  now=$(present)
  if [ "$now" != "$taken" ] && [ "$now" != "$refused" ]; then
    if said=$(nginx -c ${CONFIGURATION} -t 2>&1); then
      kill -HUP $server && taken=$now
    else
      refused=$now
      echo "$said" > ${REASON}
      echo "$said" >&2
      echo "$now" > ${REFUSED}
    fi
  fi
done
wait $server
`.trim(),
];
