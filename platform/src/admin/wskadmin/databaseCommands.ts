import { type Command, done, fail } from './userCommands';

const pageLength = 200;

/** Shows what a database holds, by the ids of its documents. */
export const getDatabase: Command = async ({ admin, print }, { positional, values, flags }) => {
  const [database = ''] = positional;
  if (values.view !== undefined) {
    if (!/^[^/]+\/[^/]+$/.test(String(values.view))) {
      return fail(print, `view name "${values.view}" is not formatted correctly, should be design/view`, 2);
    }
    return fail(print, 'Failed to get database (the admin API has no views; ask the database itself)', 1);
  }
  print(`getting contents for ${database} (primary index)`);
  const rows: object[] = [];
  for (let total = 1; rows.length < total; ) {
    const { status, json } = await admin(
      'GET',
      `/v1/databases/${encodeURIComponent(database)}?skip=${rows.length}&limit=${pageLength}&docs=${flags.has('docs')}`,
    );
    if (status !== 200) return fail(print, `Failed to get database (${json.error})`, 1);
    total = json.rows.length === 0 ? 0 : json.total_rows;
    rows.push(...json.rows);
  }
  return done(print, JSON.stringify(sorted({ offset: 0, rows, total_rows: rows.length }), null, 4));
};

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
