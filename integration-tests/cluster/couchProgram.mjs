// A CouchDB-protocol server over leveldb, as a process of its own: `node couchProgram.mjs FOLDER PORT [HOST]`. It says "ready" when it listens.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import express from 'express';
import expressPouchDB from 'express-pouchdb';
import leveldb from 'pouchdb-adapter-leveldb';
import PouchDB from 'pouchdb-core';
import mapreduce from 'pouchdb-mapreduce';
import replication from 'pouchdb-replication';

const [folder, port, host = '127.0.0.1'] = process.argv.slice(2);
const data = join(folder, 'data');
const configPath = join(folder, 'config.json');
mkdirSync(data, { recursive: true });
// one administrator, as CouchDB 3 has it
writeFileSync(configPath, JSON.stringify({ admins: { [process.env.COUCHDB_USER]: process.env.COUCHDB_PASSWORD } }));

const Database = PouchDB.plugin(leveldb)
  .plugin(mapreduce)
  .plugin(replication)
  .defaults({ prefix: `${data}/` });
const app = express();
app.use(expressPouchDB(Database, { configPath, logPath: join(folder, 'log.txt'), overrideMode: { exclude: ['routes/fauxton'] } }));
app.listen(Number(port), host, () => process.stdout.write('ready\n'));
