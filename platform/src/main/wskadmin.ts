import { readFileSync } from 'node:fs';
import { adminClient } from '../admin/wskadmin/adminClient';
import { wskadmin } from '../admin/wskadmin/wskadmin';

const { OPENWHISK_ADMIN_URL: url = 'http://127.0.0.1:3234', OPENWHISK_ADMIN_KEY: key = '', OPENWHISK_ADMIN_CA: caFile = '' } = process.env;

/**
 * `node platform/dist/main/wskadmin.js <command>`: OpenWhisk's admin tool over the admin API of OPENWHISK_ADMIN_URL with OPENWHISK_ADMIN_KEY.
 * OPENWHISK_ADMIN_CA names a file with the certificate of an authority to trust, in PEM form.
 */
async function main(): Promise<number> {
  const args = process.argv.slice(2);
  if (key === '' && args.length > 0 && !args.includes('--help') && !args.includes('-h')) {
    process.stderr.write('Set OPENWHISK_ADMIN_KEY to the admin key of the platform, and OPENWHISK_ADMIN_URL where its admin API is.\n');
    return 2;
  }
  return wskadmin(args, adminClient(url, key, authority()), (line) => process.stdout.write(`${line}\n`));
}

function authority(): string | undefined {
  if (caFile === '') return undefined;
  try {
    return readFileSync(caFile, 'utf8');
  } catch (error) {
    throw new Error(`OPENWHISK_ADMIN_CA names a file that can't be read: ${(error as Error).message}`);
  }
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  },
);
