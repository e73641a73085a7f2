import { mustRun, runCommand } from './command';

const node = (script: string, options = {}) => runCommand(process.execPath, ['-e', script], options);

describe('runCommand', () => {
  it('collects what a command says and how it ends', async () => {
    expect(await node("console.log('out'); console.error('err'); process.exit(3)")).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
  });

  it('gives the code a shell would for a signal', async () => {
    expect(await node("process.kill(process.pid, 'SIGTERM'); setTimeout(() => {}, 60000)")).toMatchObject({ code: 143 });
  });

  it('hands lines on whole', async () => {
    const lines: string[] = [];
    const script = "process.stderr.write('one\\ntw'); setTimeout(() => process.stderr.write('o\\nthree'), 20)";
    await node(script, { onErrorLine: (line: string) => lines.push(line) });
    expect(lines).toEqual(['one', 'two']);
  });

  it('ends a command that takes too long', async () => {
    expect((await node('setTimeout(() => {}, 60000)', { timeoutMs: 300 })).code).toBe(137);
  });

  it('leaves Ctrl-C to a command that is shown, and only as long as it runs', async () => {
    const before = process.listenerCount('SIGINT');
    const running = node('setTimeout(() => {}, 100)', { output: 'show' });
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    await running;
    expect(process.listenerCount('SIGINT')).toBe(before);
  });

  it('says that a command does not exist', async () => {
    await expect(runCommand('no-such-command', [])).rejects.toThrow('no-such-command could not be started: spawn no-such-command ENOENT.');
  });
});

it('shows the end of what a failed command said', async () => {
  await expect(mustRun(process.execPath, ['-e', "console.error('the disk is full'); process.exit(1)"])).rejects.toThrow(
    /ended with 1:\nthe disk is full/,
  );
});
