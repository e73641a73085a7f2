/** The networks of a platform on one Docker engine, and who has which address in them. All of it follows from one /16 block. */
export interface AddressPlan {
  /** nginx and controllers. */
  edge: Subnet;
  /** Controllers, Kafka, CouchDB. */
  core: Subnet;
  /** Containers of actions. */
  actions: Subnet;
  nginx: string;
  kafka: string;
  couchdb: string;
  /** The first controller's; the others follow. */
  controllersOnEdge: string;
  controllersOnCore: string;
}

export interface Subnet {
  subnet: string;
  gateway: string;
  ipRange: string;
}

/** As many as there are addresses set aside for them. */
export const MAX_CONTROLLERS = 32;

/**
 * The block a platform takes when it is not told one: from the upper half of 10/8, where neither Docker's own pools nor most home and
 * office networks are; which of them, its name decides, so that platforms side by side rarely meet.
 */
export function defaultSubnet(platform: string): string {
  return `10.${128 + (fnv1a(platform) % 127)}.0.0/16`;
}

/** Spreads similar names; nothing has to be secret about it. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

/** Whether a text is the address of a host, of version 4 or 6, and not a name. */
export function isAddress(text: string): boolean {
  const numbers = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text)?.slice(1);
  return numbers === undefined ? /^[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*$/.test(text) : numbers.every((number) => Number(number) <= 255);
}

/** Why a text can't be the block of a platform; undefined when it can. */
export function subnetProblem(subnet: string): string | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.0\.0\/16$/.exec(subnet);
  return match && Number(match[1]) <= 223 && Number(match[2]) <= 255
    ? undefined
    : 'must be a block of the form 10.200.0.0/16 that nothing else on the Docker host uses';
}

export function addressPlan(block: string): AddressPlan {
  const prefix = block.split('.').slice(0, 2).join('.');
  return {
    edge: { subnet: `${prefix}.1.0/24`, gateway: `${prefix}.1.1`, ipRange: `${prefix}.1.128/25` },
    core: { subnet: `${prefix}.2.0/24`, gateway: `${prefix}.2.1`, ipRange: `${prefix}.2.128/25` },
    // containers of actions come and go by the hundred
    actions: { subnet: `${prefix}.16.0/20`, gateway: `${prefix}.16.1`, ipRange: `${prefix}.24.0/21` },
    nginx: `${prefix}.1.10`,
    kafka: `${prefix}.2.10`,
    couchdb: `${prefix}.2.11`,
    controllersOnEdge: `${prefix}.1.32`,
    controllersOnCore: `${prefix}.2.32`,
  };
}
