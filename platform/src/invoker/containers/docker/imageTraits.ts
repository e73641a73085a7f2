import type Docker from 'dockerode';
import type { ContainerSpec } from '../container';
import { readonlyLabel } from './hostConfig';

/** What images of kinds say of themselves, asked once each: they stay as they are while an invoker runs. */
export class ImageTraits {
  private readonly known = new Map<string, Promise<boolean>>();

  constructor(private readonly docker: Docker) {}

  /** Whether its root may be read-only. A user's image may need to write anywhere in itself, and so may one made for another platform. */
  isReadonly({ kind, image }: ContainerSpec): Promise<boolean> {
    if (kind === 'blackbox') return Promise.resolve(false);
    let asked = this.known.get(image);
    if (asked === undefined) {
      asked = this.ask(image);
      this.known.set(image, asked);
      // one that is not there yet is asked for again
      asked.catch(() => this.known.delete(image));
    }
    return asked;
  }

  private async ask(image: string): Promise<boolean> {
    const { Config } = await this.docker.getImage(image).inspect();
    return Config.Labels?.[readonlyLabel] === 'true';
  }
}
