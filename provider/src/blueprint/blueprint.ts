/** A platform as data: what runs, with what, in what order. Renderers turn it into processes, containers or pods. */
export interface Blueprint {
  services: readonly ServiceBlueprint[];
  /** Random values that are made once and kept: by name. */
  generatedSecrets: readonly string[];
  /** Where clients reach the platform. */
  endpoints: { api: PortReference; admin: PortReference };
}

export interface PortReference {
  service: string;
  port: string;
}

export interface ServiceBlueprint {
  name: string;
  /** A program of the platform. Targets that run images map it to the image that carries it. */
  program: 'standalone';
  replicas: number;
  /** Settings in clear. `{dataDir}` and `{instanceId}` are filled in where the service runs. */
  env: Readonly<Record<string, string>>;
  /** Settings that are a generated secret: variable name to the secret's name. */
  secrets: Readonly<Record<string, string>>;
  ports: readonly PortBlueprint[];
  volumes: readonly VolumeBlueprint[];
  health: HealthBlueprint;
  /** Services that must be healthy before this one starts. */
  needs: readonly string[];
}

export interface PortBlueprint {
  name: string;
  /** Where clients on the host reach it. */
  port: number;
}

export interface VolumeBlueprint {
  name: string;
  /** Kept when the platform is removed. */
  retain: boolean;
}

export interface HealthBlueprint {
  /** Name of the port that is asked. */
  port: string;
  path: string;
  /** Seconds until a started service must be healthy. */
  timeout: number;
}
