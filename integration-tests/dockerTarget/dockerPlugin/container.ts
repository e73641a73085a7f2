import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Docker from 'dockerode';
import { type DockerResource, found, list, type Properties } from './resource';

interface Port {
  internal: number;
  external?: number;
  ip?: string;
  protocol?: string;
}
interface Mount {
  type: 'bind' | 'volume';
  source: string;
  target: string;
  readOnly?: boolean;
}
interface Attachment {
  name: string;
  ipv4Address?: string;
  aliases?: string[];
}
interface Upload {
  file: string;
  content?: string;
}
interface Healthcheck {
  tests: string[];
  interval?: string;
  timeout?: string;
  startPeriod?: string;
  retries?: number;
}

const MEGABYTE = 1024 * 1024;
const DEFAULT_GRACE = 10;

export const container: DockerResource = {
  updatable: ['restart', 'memory', 'memorySwap', 'destroyGraceSeconds', 'mustRun'],
  computed: ['exitCode', 'networkDatas', 'hostname'],
  async create(docker, inputs) {
    const made = await docker.createContainer(createOptions(inputs));
    try {
      const [, ...further] = list<Attachment>(inputs.networksAdvanced);
      for (const attachment of further)
        await docker.getNetwork(attachment.name).connect({ Container: made.id, EndpointConfig: endpoint(attachment) });
      const uploads = list<Upload>(inputs.uploads);
      if (uploads.length > 0) await made.putArchive(archive(uploads), { path: '/' });
      await made.start();
    } catch (error) {
      await made.remove({ force: true, v: true }).catch(() => undefined);
      throw new Error(`Unable to start container: ${(error as Error).message}`);
    }
    return { id: made.id, outputs: { hostname: made.id.slice(0, 12) } };
  },
  async read(docker, id, inputs) {
    const live = await found(docker.getContainer(id).inspect());
    if (live === undefined) return undefined;
    if (!live.State.Running && !live.State.Restarting && inputs.mustRun !== false) {
      await found(docker.getContainer(id).remove({ force: true, v: true }));
      return undefined;
    }
    return { name: live.Name.replace(/^\//, ''), image: live.Config.Image };
  },
  async update(docker, id, inputs) {
    const bytes = memoryOf(inputs);
    await docker.getContainer(id).update({
      RestartPolicy: { Name: String(inputs.restart ?? 'no') },
      ...(bytes === undefined ? {} : { Memory: bytes, MemorySwap: swapOf(inputs, bytes) }),
    });
  },
  async delete(docker, id, inputs) {
    const live = docker.getContainer(id);
    const grace = typeof inputs.destroyGraceSeconds === 'number' ? inputs.destroyGraceSeconds : DEFAULT_GRACE;
    await found(live.stop({ t: grace })).catch((error: { statusCode?: number }) => {
      // it is stopped already
      if (error.statusCode !== 304) throw error;
    });
    await found(live.remove({ force: true, v: true })).catch((error: { statusCode?: number }) => {
      // somebody else is removing it
      if (error.statusCode !== 409) throw error;
    });
  },
};

function createOptions(inputs: Properties): Docker.ContainerCreateOptions {
  const ports = list<Port>(inputs.ports);
  const networks = list<Attachment>(inputs.networksAdvanced);
  const key = ({ internal, protocol }: Port) => `${internal}/${protocol ?? 'tcp'}`;
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const entry = { HostIp: port.ip ?? '0.0.0.0', HostPort: String(port.external ?? '') };
    bindings[key(port)] = [...(bindings[key(port)] ?? []), entry];
  }
  const bytes = memoryOf(inputs);
  const health = inputs.healthcheck as Healthcheck | undefined;
  const command = list<string>(inputs.command);
  const entrypoint = list<string>(inputs.entrypoints);
  return {
    name: String(inputs.name),
    Image: String(inputs.image),
    ...(entrypoint.length === 0 ? {} : { Entrypoint: entrypoint }),
    ...(command.length === 0 ? {} : { Cmd: command }),
    Env: list<string>(inputs.envs),
    Labels: Object.fromEntries(list<{ label: string; value: string }>(inputs.labels).map(({ label, value }) => [label, value])),
    ExposedPorts: Object.fromEntries(ports.map((port) => [key(port), {}])),
    ...(typeof inputs.stopTimeout === 'number' ? { StopTimeout: inputs.stopTimeout } : {}),
    ...(health === undefined
      ? {}
      : {
          Healthcheck: {
            Test: health.tests,
            Interval: nanoseconds(health.interval),
            Timeout: nanoseconds(health.timeout),
            StartPeriod: nanoseconds(health.startPeriod),
            Retries: health.retries ?? 0,
          },
        }),
    HostConfig: {
      PortBindings: bindings,
      ...(inputs.networkMode === undefined
        ? networks[0]
          ? { NetworkMode: networks[0].name }
          : {}
        : { NetworkMode: String(inputs.networkMode) }),
      Mounts: list<Mount>(inputs.mounts).map(({ type, source, target, readOnly }) => ({
        Type: type,
        Source: source,
        Target: target,
        ReadOnly: readOnly === true,
      })),
      ...(bytes === undefined ? {} : { Memory: bytes, MemorySwap: swapOf(inputs, bytes) }),
      RestartPolicy: { Name: String(inputs.restart ?? 'no') },
      Init: inputs.init === true,
      LogConfig: { Type: String(inputs.logDriver ?? 'json-file'), Config: (inputs.logOpts ?? {}) as Record<string, string> },
      SecurityOpt: list<string>(inputs.securityOpts),
    },
    ...(networks[0] ? { NetworkingConfig: { EndpointsConfig: { [networks[0].name]: endpoint(networks[0]) } } } : {}),
  };
}

function endpoint({ ipv4Address, aliases }: Attachment): Docker.EndpointSettings {
  return {
    ...(ipv4Address === undefined ? {} : { IPAMConfig: { IPv4Address: ipv4Address } }),
    ...(aliases === undefined ? {} : { Aliases: aliases }),
  } as Docker.EndpointSettings;
}

function memoryOf(inputs: Properties): number | undefined {
  return typeof inputs.memory === 'number' ? inputs.memory * MEGABYTE : undefined;
}

function swapOf(inputs: Properties, memory: number): number {
  return typeof inputs.memorySwap === 'number' ? inputs.memorySwap * MEGABYTE : memory * 2;
}

/** `2s`, `1m30s` as Go writes durations. */
function nanoseconds(duration = '0s'): number {
  const units: Record<string, number> = { ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
  return [...duration.matchAll(/(\d+)(ms|s|m|h)/g)].reduce((sum, [, count, unit]) => sum + Number(count) * units[unit!]!, 0);
}

/** A tar archive of the files at their paths. */
function archive(uploads: readonly Upload[]): Buffer {
  const root = mkdtempSync(join(tmpdir(), 'uploads-'));
  try {
    for (const { file, content } of uploads) {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), content ?? '');
    }
    // files only: folders of the image keep their owners
    const files = uploads.map(({ file }) => file.replace(/^\//, ''));
    return execFileSync('tar', ['--owner=0', '--group=0', '-C', root, '-c', ...files], { maxBuffer: 64 * MEGABYTE });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
