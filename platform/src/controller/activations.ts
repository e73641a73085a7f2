import type { SystemLimits } from '../config/settings';
import type { ActivationRecord } from '../model/activation';
import { fullRecordText, responseText, summaryText } from '../model/activationJson';
import { isEntityName } from '../model/names';
import { type ActivationStore, RecordDamaged } from '../store/activationStore';
import { type CallContext, ownsNamespace } from './context';
import { type Answer, jsonAnswer } from './http/answer';
import { BadRequest, InternalError, MalformedQuery, NoSuchResource, NotAuthorized } from './http/errors';
import { readPage } from './http/listing';
import type { Query } from './http/query';

/** `/namespaces/{ns}/activations`: reference rest-api, section 7. */
export class Activations {
  constructor(
    private readonly store: ActivationStore,
    private readonly limits: SystemLimits,
  ) {}

  async list(context: CallContext): Promise<Answer> {
    if (!ownsNamespace(context)) throw new NotAuthorized(context.namespace);
    const { query } = context.request;
    const page = readPage(query, 'activations', { default: this.limits.listDefault, max: this.limits.listMax });
    const count = query.flag('count', false);
    const docs = query.flag('docs', false);
    const name = readName(query);
    const since = sinceCreation(context, readTime(query, 'since'));
    const upto = readTime(query, 'upto');
    if (count && docs) throw new BadRequest("The parameter 'docs' is not permitted with 'count'.");
    const filter = {
      namespace: context.namespace,
      ...(name === undefined ? {} : { name }),
      ...(since === undefined ? {} : { since }),
      ...(upto === undefined ? {} : { upto }),
    };
    if (count) return jsonAnswer(`{"activations":${await this.store.count({ ...filter, skip: page.skip })}}`);
    const records = await this.store.list({ ...filter, ...page }, docs);
    return jsonAnswer(`[${records.map(docs ? fullRecordText : summaryText).join(',')}]`);
  }

  async get(context: CallContext, id: string): Promise<Answer> {
    return jsonAnswer(fullRecordText(await this.find(context, id)));
  }

  async logs(context: CallContext, id: string): Promise<Answer> {
    return jsonAnswer(JSON.stringify({ logs: (await this.find(context, id)).logs }));
  }

  async result(context: CallContext, id: string): Promise<Answer> {
    return jsonAnswer(responseText((await this.find(context, id)).response));
  }

  private async find(context: CallContext, id: string): Promise<ActivationRecord> {
    if (!ownsNamespace(context)) throw new NotAuthorized(`${context.namespace}/${id}`);
    checkActivationId(id);
    const record = await this.store.get(context.namespace, id).catch((error) => {
      throw error instanceof RecordDamaged ? new InternalError('Resource is corrupted and cannot be read.') : error;
    });
    if (!record || record.start < (context.caller.created ?? 0)) throw new NoSuchResource();
    return record;
  }
}

/** What an earlier namespace of this name ran is not shown. */
function sinceCreation({ caller: { created } }: CallContext, since: number | undefined): number | undefined {
  return created === undefined ? since : Math.max(created, since ?? created);
}

export function checkActivationId(id: string): void {
  if (id.length !== 32) throw new BadRequest(`Activation id length is ${id.length} but must be 32.`);
  if (!/^[0-9a-f]{32}$/.test(id)) throw new BadRequest('The activation id is not valid.');
}

/** `action` or `pkg/action`; empty segments are dropped, an empty value is no filter. */
function readName(query: Query): string | undefined {
  const text = query.get('name');
  if (text === undefined || text === '') return undefined;
  const segments = text.split('/').filter((s) => s !== '');
  if (segments.length < 1 || segments.length > 2 || !segments.every(isEntityName)) {
    throw new MalformedQuery('name', `Parameter may be a 'simple' name or 'package-name/simple' name: ${text}`);
  }
  return segments.join('/');
}

const maxLong = 9223372036854775807n;

function readTime(query: Query, name: string): number | undefined {
  const text = query.get(name);
  if (text === undefined) return undefined;
  const valid = /^[+-]?\d+$/.test(text) && BigInt(text) <= maxLong && BigInt(text) >= -maxLong - 1n;
  if (!valid) throw new MalformedQuery(name, `Parameter is not a valid value for epoch seconds: ${text}`);
  return Number(text);
}
