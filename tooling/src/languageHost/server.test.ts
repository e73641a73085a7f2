import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ClientReadableStream, credentials, type ServiceError, status } from '@grpc/grpc-js';
import { LanguageRuntimeClient } from '@pulumi/pulumi/proto/language_grpc_pb';
import {
  GeneratePackageRequest,
  GenerateProgramRequest,
  GetProgramDependenciesRequest,
  GetRequiredPackagesRequest,
  InstallDependenciesRequest,
  LanguageHandshakeRequest,
  ProgramInfo,
  RunPluginRequest,
  RunRequest,
  type RunResponse,
} from '@pulumi/pulumi/proto/language_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { Struct } from 'google-protobuf/google/protobuf/struct_pb';
import { GENERATOR_VARIABLE } from './generatePackage';
import { type LanguageHost, serveLanguageHost } from './server';

/** Stands for the SDK's runner: notes how it was started, and ends as the program's file says. */
const FAKE_RUNNER = `
const { writeFileSync, readFileSync } = require('node:fs');
const args = process.argv.slice(2);
const { PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, FROM_ENGINE } = process.env;
writeFileSync('seen.json', JSON.stringify({ args, pid: process.pid, PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS, PULUMI_NODEJS_TYPESCRIPT, FROM_ENGINE }));
eval(readFileSync('behaviour.js', 'utf8'));
`;

let folder: string;
let host: LanguageHost;
let client: LanguageRuntimeClient;

function write(file: string, content: string | object): void {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
}

/** A unary call as a promise. */
function ask<Response>(call: (callback: (error: ServiceError | null, response: Response) => void) => void): Promise<Response> {
  return new Promise((resolve, reject) => {
    call((error, response) => (error === null ? resolve(response) : reject(error)));
  });
}

function collect<Message>(stream: ClientReadableStream<Message>): Promise<Message[]> {
  return new Promise((resolve, reject) => {
    const messages: Message[] = [];
    stream.on('data', (message: Message) => messages.push(message));
    stream.on('end', () => resolve(messages));
    stream.on('error', reject);
  });
}

function programInfo(options: Record<string, string | boolean> = {}): ProgramInfo {
  const info = new ProgramInfo();
  info.setRootDirectory(folder);
  info.setProgramDirectory(folder);
  info.setEntryPoint('.');
  info.setOptions(Struct.fromJavaScript(options));
  return info;
}

function runRequest(behaviour: string, info = programInfo()): RunRequest {
  write('node_modules/@pulumi/pulumi/package.json', { name: '@pulumi/pulumi', version: '3.0.0' });
  write('node_modules/@pulumi/pulumi/cmd/run/index.js', FAKE_RUNNER);
  write('behaviour.js', behaviour);
  const request = new RunRequest();
  request.setPwd(folder);
  request.setInfo(info);
  request.setProject('sample');
  request.setStack('one');
  request.setOrganization('organization');
  request.setMonitorAddress('127.0.0.1:1');
  request.setParallel(16);
  return request;
}

const run = (request: RunRequest) => ask<RunResponse>((callback) => client.run(request, callback));
const seen = () => JSON.parse(readFileSync(join(folder, 'seen.json'), 'utf8')) as Record<string, string> & { args: string[]; pid: number };

beforeEach(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'language-host-')));
  host = await serveLanguageHost('127.0.0.1:9', '3.259.0');
  client = new LanguageRuntimeClient(`127.0.0.1:${host.port}`, credentials.createInsecure());
});
afterEach(() => {
  client.close();
  host.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('run', () => {
  it('hands the program, the engine and the stack to the runner of the program', async () => {
    const request = runRequest('');
    request.setDryrun(true);
    const response = await run(request);
    expect([response.getError(), response.getBail()]).toEqual(['', false]);
    expect(seen().args).toEqual([
      ...['--monitor', '127.0.0.1:1', '--engine', '127.0.0.1:9', '--organization', 'organization', '--project', 'sample'],
      ...['--root-directory', folder, '--stack', 'one', '--pwd', folder, '--parallel', '16', '--dry-run', folder],
    ]);
  });

  it('takes the address of the engine from the handshake', async () => {
    const handshake = new LanguageHandshakeRequest();
    handshake.setEngineAddress('127.0.0.1:10');
    await ask((callback) => client.handshake(handshake, callback));
    await run(runRequest(''));
    expect(seen().args).toContain('127.0.0.1:10');
  });

  it('passes configuration in the environment, never in arguments', async () => {
    const request = runRequest('');
    request.getConfigMap().set('sample:key', 'swordfish');
    request.setConfigsecretkeysList(['sample:key']);
    await run(request);
    const { args, PULUMI_CONFIG, PULUMI_CONFIG_SECRET_KEYS } = seen();
    expect(JSON.parse(PULUMI_CONFIG!)).toEqual({ 'sample:key': 'swordfish' });
    expect(JSON.parse(PULUMI_CONFIG_SECRET_KEYS!)).toEqual(['sample:key']);
    expect(args.join(' ')).not.toContain('swordfish');
  });

  it('follows the options of the runtime', async () => {
    await run(runRequest('', programInfo({ typescript: false, nodeargs: '--stack-trace-limit=3' })));
    expect(seen().PULUMI_NODEJS_TYPESCRIPT).toBe('false');
    await run(runRequest('if (Error.stackTraceLimit !== 3) process.exit(9)', programInfo({ nodeargs: '--stack-trace-limit=3' })));
    expect(seen().PULUMI_NODEJS_TYPESCRIPT).toBe('true');
  });

  it.each([
    ['process.exit(3)', { bail: false, error: 'The program exited with code 3.' }],
    ['process.exit(32)', { bail: true, error: '' }],
    ["process.kill(process.pid, 'SIGKILL'); setTimeout(() => {}, 60000)", { bail: false, error: 'The program was ended by SIGKILL.' }],
  ])('after %s', async (behaviour, expected) => {
    expect((await run(runRequest(behaviour))).toObject()).toEqual(expected);
  });

  it('says that the SDK is missing', async () => {
    const request = runRequest('');
    rmSync(join(folder, 'node_modules'), { recursive: true });
    await expect(run(request)).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: `The program in ${folder} has no @pulumi/pulumi; run "npm install @pulumi/pulumi" there.`,
    });
  });

  it('ends the program when the engine cancels', async () => {
    const running = run(runRequest('setTimeout(() => {}, 60000)'));
    while (!existsSync(join(folder, 'seen.json')) || readFileSync(join(folder, 'seen.json')).length === 0) await sleep(20);
    await ask((callback) => client.cancel(new Empty(), callback));
    expect((await running).getError()).toBe('The program was ended by SIGTERM.');
    expect(() => process.kill(seen().pid, 0)).toThrow('ESRCH');
  });
});

describe('the plugins a program needs', () => {
  const required = async () => {
    const request = new GetRequiredPackagesRequest();
    request.setInfo(programInfo());
    const response = await ask<{ getPackagesList(): { toObject(): object }[] }>((callback) =>
      client.getRequiredPackages(request, callback),
    );
    return response.getPackagesList().map((dependency) => dependency.toObject());
  };

  it('are those of its dependencies, direct and not, and not of its neighbours', async () => {
    write('package.json', { name: 'program', dependencies: { direct: '*', plain: '*' } });
    write('node_modules/direct/package.json', {
      name: 'direct',
      version: '1.2.3',
      pulumi: { resource: true, name: 'one', server: 'https://s' },
    });
    write('node_modules/plain/package.json', { name: 'plain', version: '1.0.0', dependencies: { '@pulumi/deep': '*' } });
    write('node_modules/plain/node_modules/@pulumi/deep/package.json', {
      name: '@pulumi/deep',
      version: '2.0.0',
      pulumi: { resource: true },
    });
    write('node_modules/neighbour/package.json', { name: 'neighbour', version: '1.0.0', pulumi: { resource: true } });
    expect(await required()).toMatchObject([
      { kind: 'resource', name: 'one', version: 'v1.2.3', server: 'https://s' },
      { kind: 'resource', name: 'deep', version: 'v2.0.0', server: '' },
    ]);
  });

  it('name the base plugin of a parameterized package', async () => {
    const parameterization = { name: 'made', version: '0.1.0', value: Buffer.from('what').toString('base64') };
    write('package.json', { name: 'program', devDependencies: { made: '*' } });
    write('node_modules/made/package.json', {
      name: 'made',
      version: '9.9.9',
      pulumi: { resource: true, name: 'base', version: '4.5.6', parameterization },
    });
    expect(await required()).toMatchObject([
      { name: 'made', version: 'v0.1.0', parameterization: { name: 'base', version: '4.5.6', value: parameterization.value } },
    ]);
  });

  it('are none without a package.json', async () => {
    expect(await required()).toEqual([]);
  });
});

it('names the versions of dependencies that are installed', async () => {
  write('package.json', { name: 'program', dependencies: { installed: '^1.0.0' }, devDependencies: { missing: '^2.0.0' } });
  write('node_modules/installed/package.json', { name: 'installed', version: '1.4.2' });
  const request = new GetProgramDependenciesRequest();
  request.setInfo(programInfo());
  const response = await ask<{ toObject(): unknown }>((callback) => client.getProgramDependencies(request, callback));
  expect(response.toObject()).toEqual({
    dependenciesList: [
      { name: 'installed', version: '1.4.2' },
      { name: 'missing', version: '^2.0.0' },
    ],
  });
});

describe('a plugin that is a nodejs program', () => {
  it('is run with its environment, and its output and exit code are handed on', async () => {
    write('node_modules/@pulumi/pulumi/package.json', { name: '@pulumi/pulumi' });
    write('node_modules/@pulumi/pulumi/cmd/run-plugin/index.js', FAKE_RUNNER);
    write('behaviour.js', "process.stdout.write('12345\\n'); process.stderr.write('a warning\\n'); process.exitCode = 5;");
    const request = new RunPluginRequest();
    request.setPwd(folder);
    request.setInfo(programInfo());
    request.setArgsList(['127.0.0.1:9']);
    request.setEnvList(['FROM_ENGINE=a=b']);
    const messages = await collect(client.runPlugin(request));
    const text = (part: 'getStdout_asU8' | 'getStderr_asU8') => messages.map((message) => Buffer.from(message[part]()).toString()).join('');
    expect(text('getStdout_asU8')).toBe('12345\n');
    expect(text('getStderr_asU8')).toBe('a warning\n');
    expect(messages.at(-1)!.getExitcode()).toBe(5);
    expect(seen()).toMatchObject({ args: [folder, '127.0.0.1:9'], FROM_ENGINE: 'a=b' });
  });
});

describe('installing dependencies', () => {
  it('runs npm in the folder of the program', async () => {
    write('package.json', { name: 'program', version: '1.0.0' });
    const request = new InstallDependenciesRequest();
    request.setInfo(programInfo());
    const messages = await collect(client.installDependencies(request));
    expect(Buffer.concat(messages.map((message) => message.getStdout_asU8())).toString()).toContain('up to date');
    expect(existsSync(join(folder, 'package-lock.json'))).toBe(true);
  }, 30_000);

  it('fails with what npm ended with', async () => {
    write('package.json', '{ this is not JSON');
    const request = new InstallDependenciesRequest();
    request.setInfo(programInfo());
    await expect(collect(client.installDependencies(request))).rejects.toMatchObject({ details: expect.stringContaining('npm install') });
  }, 30_000);
});

describe('generating a package', () => {
  const request = () => {
    const generate = new GeneratePackageRequest();
    generate.setDirectory(join(folder, 'sdk'));
    generate.setSchema('{"name":"sample"}');
    generate.setLoaderTarget('127.0.0.1:11');
    generate.setLocal(true);
    generate.getLocalDependenciesMap().set('other', '/other');
    return generate;
  };
  const generate = () => ask((callback) => client.generatePackage(request(), callback));
  afterEach(() => {
    delete process.env[GENERATOR_VARIABLE];
  });

  it('hands the schema to the generator', async () => {
    write(
      'generator',
      '#!/bin/sh\nfor last in "$@"; do :; done\nmkdir -p "$last"\nprintf "%s\\n" "$@" > "$last/arguments"\ncat > "$last/schema"\n',
    );
    chmodSync(join(folder, 'generator'), 0o755);
    process.env[GENERATOR_VARIABLE] = join(folder, 'generator');
    await generate();
    const read = (file: string) => readFileSync(join(folder, 'sdk', file), 'utf8');
    expect(read('schema')).toBe('{"name":"sample"}');
    expect(read('arguments').trim().split('\n')).toEqual([
      ...['-loader', '127.0.0.1:11', '-local', '-local-dependencies', '{"other":"/other"}', 'nodejs', '-', join(folder, 'sdk')],
    ]);
  });

  it('fails with what the generator said', async () => {
    write('generator', '#!/bin/sh\necho "the schema is bad" >&2\nexit 1\n');
    chmodSync(join(folder, 'generator'), 0o755);
    process.env[GENERATOR_VARIABLE] = join(folder, 'generator');
    await expect(generate()).rejects.toMatchObject({ details: 'the schema is bad' });
  });

  it('says how a generator is had', async () => {
    await expect(generate()).rejects.toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: expect.stringContaining('npm run pulumi'),
    });
  });
});

it('says what it leaves to the official host', async () => {
  const call = ask((callback) => client.generateProgram(new GenerateProgramRequest(), callback));
  await expect(call).rejects.toMatchObject({ code: status.UNIMPLEMENTED, details: expect.stringContaining('--generate-code=false') });
});

it('tells its version and its node', async () => {
  const info = await ask<{ getVersion(): string }>((callback) => client.getPluginInfo(new Empty(), callback));
  expect(info.getVersion()).toBe('3.259.0');
});
