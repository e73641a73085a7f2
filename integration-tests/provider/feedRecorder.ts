import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

type Told = { lifecycleEvent: string; triggerName: string; authKey: string } & Record<string, unknown>;

/** What stands behind the feed action of the tests: it remembers what it was told, and refuses what it is asked to refuse. */
export class FeedRecorder {
  readonly told: Told[] = [];
  /** The subscription as the feed has it; a test may change it behind the provider's back. */
  config: Record<string, unknown> | undefined;
  refuse: Record<string, string> = {};
  private readonly server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(this.answer(JSON.parse(Buffer.concat(chunks).toString()) as Told)));
    });
  });

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  get events(): string[] {
    return this.told.map(({ lifecycleEvent }) => lifecycleEvent);
  }

  /** Source of the feed action. */
  get action(): string {
    const { port } = this.server.address() as AddressInfo;
    return `
      const http = require('http');
      exports.main = (args) => new Promise((resolve, reject) => {
        const request = http.request({ port: ${port}, host: '127.0.0.1', method: 'POST' }, (answer) => {
          let text = '';
          answer.on('data', (part) => { text += part; });
          answer.on('end', () => resolve(JSON.parse(text)));
        });
        request.on('error', reject);
        request.end(JSON.stringify(args));
      });`;
  }

  private answer(told: Told): unknown {
    this.told.push(told);
    const { lifecycleEvent, triggerName: _trigger, authKey: _key, ...rest } = told;
    const refusal = this.refuse[lifecycleEvent];
    if (refusal !== undefined) return { error: refusal };
    if (lifecycleEvent === 'CREATE' || lifecycleEvent === 'UPDATE') this.config = rest;
    if (lifecycleEvent === 'DELETE') this.config = undefined;
    if (lifecycleEvent !== 'READ') return {};
    return this.config === undefined ? { error: 'The trigger does not exist.' } : { config: { ...this.config, maxTriggers: -1 } };
  }
}
