import type Docker from 'dockerode';

/**
 * Makes the network of action containers where there is none of that name. Its containers cannot reach each other: whoever reaches a runtime's /init and /run
 * needs no key for them. One that is there is used as it is.
 */
export async function ensureNetwork(docker: Docker, name: string): Promise<void> {
  try {
    await docker.getNetwork(name).inspect();
    return;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
  try {
    await docker.createNetwork({ Name: name, CheckDuplicate: true, Options: { 'com.docker.network.bridge.enable_icc': 'false' } });
  } catch (error) {
    // somebody else has just made it
    if ((error as { statusCode?: number }).statusCode !== 409) throw error;
  }
}
