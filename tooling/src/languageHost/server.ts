import { Server, ServerCredentials } from '@grpc/grpc-js';
import { type ILanguageRuntimeServer, LanguageRuntimeService } from '@pulumi/pulumi/proto/language_grpc_pb';
import {
  GetRequiredPluginsResponse,
  LanguageHandshakeResponse,
  RuntimeOptionsResponse,
  TemplateResponse,
} from '@pulumi/pulumi/proto/language_pb';
import { PluginInfo } from '@pulumi/pulumi/proto/plugin_pb';
import { Empty } from 'google-protobuf/google/protobuf/empty_pb';
import { about, getProgramDependencies } from './about';
import { endAllChildren } from './childProcesses';
import { generatePackage } from './generatePackage';
import { installDependencies } from './installDependencies';
import { link } from './link';
import { getRequiredPackages } from './requiredPackages';
import { streaming, unary, unsupported } from './rpc';
import { run } from './run';
import { runPlugin } from './runPlugin';

/** A language host that is being served. */
export interface LanguageHost {
  /** Port on 127.0.0.1; the engine reads it from this process's first line of output. */
  readonly port: number;
  /** Ends the programs it runs and stops serving. */
  stop(): void;
}

function implementation(firstEngineAddress: string, version: string): ILanguageRuntimeServer {
  let engineAddress = firstEngineAddress;
  return {
    handshake: unary(async (request) => {
      engineAddress = request.getEngineAddress() || engineAddress;
      return new LanguageHandshakeResponse();
    }),
    getPluginInfo: unary(async () => {
      const info = new PluginInfo();
      info.setVersion(version);
      return info;
    }),
    // Engines that know GetRequiredPackages ask that first, and older ones are content with no plugins named.
    getRequiredPlugins: unary(async () => new GetRequiredPluginsResponse()),
    getRequiredPackages: unary(getRequiredPackages),
    run: unary((request, signal) => run(request, engineAddress, signal)),
    runPlugin: streaming(runPlugin),
    installDependencies: streaming(installDependencies),
    about: unary(about),
    getProgramDependencies: unary(getProgramDependencies),
    runtimeOptionsPrompts: unary(async () => new RuntimeOptionsResponse()),
    template: unary(async () => new TemplateResponse()),
    generatePackage: unary(generatePackage),
    link: unary(link),
    generateProgram: unary(unsupported('Generating a program', 'use "pulumi import --generate-code=false"')),
    generateProject: unary(unsupported('Converting a project', 'install the official Pulumi distribution for "pulumi convert"')),
    pack: unary(unsupported('Packing an SDK', 'use "npm pack" in the folder of the SDK')),
    cancel: unary(async () => {
      endAllChildren();
      return new Empty();
    }),
  };
}

/**
 * Serves the nodejs language runtime on a free port of the loopback interface.
 * @param engineAddress where the engine listens, as host:port; a handshake may replace it
 * @param version what `pulumi plugin` shows for this host, without a leading v
 */
export async function serveLanguageHost(engineAddress: string, version: string): Promise<LanguageHost> {
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 });
  server.addService(LanguageRuntimeService, implementation(engineAddress, version));
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => (error ? reject(error) : resolve(bound)));
  });
  return {
    port,
    stop() {
      endAllChildren();
      server.forceShutdown();
    },
  };
}
