import type { Kafka } from 'kafkajs';

/** What is used of the client's inside; its public side can't put a member out of a group. */
interface Cluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  findGroupCoordinator(request: { groupId: string }): Promise<{
    leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown>;
  }>;
}

/**
 * Puts out of a group who has this client id: a process of the same name that was killed. Without this its successor waits until the broker
 * gives up on it (session timeout). Only a shortcut: it fails silently, and the waiting does the rest.
 */
export async function removeFormerMembers(kafka: Kafka, groupId: string, clientId: string): Promise<void> {
  const createCluster = Object.getOwnPropertySymbols(kafka).find((symbol) => symbol.description === 'private:Kafka:createCluster');
  if (createCluster === undefined) return;
  const admin = kafka.admin();
  let cluster: Cluster | undefined;
  try {
    await admin.connect();
    const { groups } = await admin.describeGroups([groupId]);
    const members = groups.flatMap((group) => group.members).filter((member) => member.clientId === clientId);
    if (members.length === 0) return;
    cluster = (kafka as unknown as Record<symbol, (options: object) => Cluster>)[createCluster]!({ allowAutoTopicCreation: false });
    await cluster.connect();
    const coordinator = await cluster.findGroupCoordinator({ groupId });
    for (const { memberId } of members) await coordinator.leaveGroup({ groupId, memberId });
  } catch {
    // the broker puts it out later
  } finally {
    await admin.disconnect().catch(() => {});
    await cluster?.disconnect().catch(() => {});
  }
}
