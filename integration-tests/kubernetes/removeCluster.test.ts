import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../eventually';
import { startCluster, testCluster } from './cluster';
import { ClusterCgroups } from './clusterCgroups';
import { ClusterFolder, identify, isRunning } from './clusterFolder';
import { ClusterNetwork } from './clusterNetwork';
import { removeCluster } from './removeCluster';

const addresses = { host: '10.101.0.1', node: '10.101.0.2', services: '10.102.0.0/16', pods: '10.103.0.0/24' };

const cgroupsOf = (name: string) =>
  readdirSync('/sys/fs/cgroup')
    .map((hierarchy) => join('/sys/fs/cgroup', hierarchy, `kubernetes-${name}`))
    .concat(join('/sys/fs/cgroup', `kubernetes-${name}`))
    .filter((group) => existsSync(group));

describe('what a killed run left', () => {
  it('ends and is removed: processes, those they started, containers, network, cgroups and data', async () => {
    const name = `${process.pid}x`;
    const folder = ClusterFolder.make(name);
    const network = new ClusterNetwork(name);
    const cgroups = new ClusterCgroups(name);
    await network.make(addresses);
    cgroups.make();
    const [enter, ...inside] = network.enter;
    const program = folder.run('program', 'sleep', ['1000']);
    // what is not in the record: one in the network, and one of a container
    const child = folder.run('program', enter!, [...inside, 'sleep', '1000']);
    const contained = folder.run('program', 'sleep', ['1000']);
    const all = [program, child, contained].map(({ pid }) => identify(pid!)!);
    folder.put('record.json', { owner: { pid: 1, started: 'never' }, processes: all.slice(0, 1) });
    writeFileSync(join(cgroupsOf(name)[0]!, 'cgroup.procs'), String(contained.pid));
    await eventually(async () => expect(await network.processes()).toEqual([child.pid]));
    expect(ClusterFolder.found().left.map(({ path }) => path)).toContain(folder.path);

    await removeCluster(folder);
    expect(all.filter(isRunning)).toEqual([]);
    expect(cgroupsOf(name)).toEqual([]);
    expect(execFileSync('ip', ['netns'], { encoding: 'utf8' })).not.toContain(name);
    expect(execFileSync('ip', ['route'], { encoding: 'utf8' })).not.toContain('10.103.0.0');
    expect(existsSync(folder.path)).toBe(false);
  });

  it('is not taken for that while its run goes on', async () => {
    const { kubectl } = await testCluster();
    await expect(startCluster()).rejects.toThrow(/is up on this machine: wait until process \d+ has ended/);
    expect((await kubectl(['get', '--raw', '/readyz'])).stdout).toBe('ok');
  });
});
