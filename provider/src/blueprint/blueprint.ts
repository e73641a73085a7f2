import type { CertificateBlueprint, FileContent } from './tls';

/** A platform as data: what runs, with what, in what order. Renderers turn it into processes, containers or pods. */
export interface Blueprint {
  services: readonly ServiceBlueprint[];
  /** Images that are built from sources the provider carries, and those that containers of actions run. */
  images: readonly ImageBlueprint[];
  networks: readonly NetworkBlueprint[];
  /** Random values that are made once and kept: by name. */
  generatedSecrets: readonly string[];
  /** A certificate that is made, renewed before it ends, and kept. */
  certificate?: CertificateBlueprint;
  /** Where clients reach the platform. */
  endpoints: { api: PortReference; admin: PortReference };
  /** `address:port` at which Prometheus finds `/metrics` of each part, seen from the host of the platform. */
  metrics: readonly string[];
}

export interface PortReference {
  service: string;
  port: string;
}

/** Programs of the platform. */
export type ProgramName = 'standalone' | 'controller' | 'invoker';

export interface ServiceBlueprint {
  name: string;
  /** A program of the platform: a file of it for the local target, an argument of the platform's image for others. */
  program?: ProgramName;
  /** What containers of it run: a built image by its name in `images`, or one that is pulled. Absent where only the local target runs it. */
  image?: { built: string } | { pulled: string };
  /** What runs instead of the program the image names. */
  entrypoint?: readonly string[];
  /** Instances; the name of each is the service's with its number behind it, as soon as there may be several. */
  replicas: number;
  /** Whether instances carry a number even when there is one. */
  numbered?: boolean;
  /** Settings in clear. `{dataDir}`, `{instanceId}`, `{instanceUid}`, `{index}` and `{port:name}` are filled in where the service runs. */
  env: Readonly<Record<string, string>>;
  /** Settings that are a generated secret: variable name to the secret's name. */
  secrets: Readonly<Record<string, string>>;
  /** Settings that must not be shown, as the program gave them. */
  hiddenEnv?: Readonly<Record<string, string>>;
  ports: readonly PortBlueprint[];
  volumes: readonly VolumeBlueprint[];
  /** Whether it makes containers of its own by the engine it runs on. */
  startsContainers?: boolean;
  /** Number of the user it runs as, where the image names none that will do. */
  user?: number;
  /** Number of the group that its volumes belong to. Default: that of `user`. */
  group?: number;
  /** The only services that may call it, where the engine can keep others away. Default: all of the platform. */
  callers?: readonly string[] | 'everybody';
  /** What is run in it before it is told to stop. */
  beforeStop?: readonly string[];
  /** Sockets and the like of the machine itself: path there to path inside. */
  hostPaths?: Readonly<Record<string, string>>;
  files?: readonly FileBlueprint[];
  health: HealthBlueprint;
  /** Services that must be healthy before this one starts. */
  needs: readonly string[];
  /** Networks with the address each instance has there (`{index}` is added to the last number); the network of the machine itself; or no network. */
  networks?: 'host' | 'none' | readonly AttachmentBlueprint[];
  /** Upper bound of its memory, in MB. */
  memory?: number;
  /** Seconds it has to finish what it does when it is told to stop. */
  stopGrace?: number;
}

export interface PortBlueprint {
  name: string;
  /** The port it listens on; on the local target, where clients reach it. */
  port: number;
  /** Where clients on the host of a container reach it. */
  published?: readonly { address: string; port: number }[];
}

export interface VolumeBlueprint {
  name: string;
  /** The service, of one instance, whose volume it is. Default: a volume of each instance's own. */
  service?: string;
  /** Where it is found inside a container. */
  path?: string;
  /** How large it is, where the engine asks: in Kubernetes' notation, such as `10Gi`. */
  size?: string;
  /** Kept when the platform is removed. */
  retain: boolean;
  /** Nobody else has what is in it: it is not given up for a change of the platform unless that is asked for. Default: false. */
  irreplaceable?: boolean;
}

/** A file put into the container before it starts. `secret` is a text that must not be shown. */
export type FileBlueprint = { path: string; secret?: boolean } & FileContent;

export interface NetworkBlueprint {
  name: string;
  subnet: string;
  gateway: string;
  /** Addresses given out to who has none of his own; all others belong to the blueprint. */
  ipRange: string;
  /** Nothing outside can be reached from it. */
  internal: boolean;
  /** Who is in it reaches the gateway alone, and nobody else in it. */
  isolated: boolean;
}

export interface AttachmentBlueprint {
  network: string;
  address?: string;
}

export interface ImageBlueprint {
  name: string;
  /** Its full name: `repository:tag`. The tag of one that is built follows from the sources, so that other sources are another image. */
  reference: string;
  /** Folder of the sources among those the provider carries. Absent: it is pulled. */
  context?: string;
  buildArgs?: Readonly<Record<string, string>>;
}

export interface HealthBlueprint {
  /** Name of the port that is asked. */
  port?: string;
  /** Without a port: that this file is there is all that is asked. */
  file?: string;
  /** Absent: that the port takes connections is enough. */
  path?: string;
  /** Seconds until a started service must be healthy. */
  timeout: number;
  /** Seconds after which those who call it have noticed that it is back: until then its next instance is not taken away. Default: 0. */
  settle?: number;
}

/** One running instance of a service, all placeholders for its number filled in. */
export interface ServiceInstance {
  name: string;
  index: number;
  service: ServiceBlueprint;
  env: Readonly<Record<string, string>>;
  ports: readonly PortBlueprint[];
  attachments: 'host' | 'none' | readonly AttachmentBlueprint[];
}

export function instancesOf(service: ServiceBlueprint): ServiceInstance[] {
  return Array.from({ length: service.replicas }, (_, index) => ({
    name: service.numbered ? `${service.name}${index}` : service.name,
    index,
    service,
    env: Object.fromEntries(Object.entries(service.env).map(([name, value]) => [name, value.replaceAll('{index}', String(index))])),
    // in the network of the machine itself, each needs ports of its own
    ports: service.networks === 'host' ? service.ports.map((port) => ({ ...port, port: port.port + index })) : service.ports,
    attachments:
      typeof service.networks === 'string' ? service.networks : (service.networks ?? []).map((attachment) => atIndex(attachment, index)),
  }));
}

function atIndex({ network, address }: AttachmentBlueprint, index: number): AttachmentBlueprint {
  if (address === undefined) return { network };
  const parts = address.split('.');
  return { network, address: [...parts.slice(0, 3), Number(parts[3]) + index].join('.') };
}
