import type { WireJson } from '../openwhisk/entities';
import { ApiError } from '../openwhisk/errors';
import { actionAddressOf } from './entityAddress';
import { FeedError } from './errors';
import type { OperationContext } from './resourceModel';
import { isValueMap, reveal, revealDeep, Secret, type Value, type ValueMap } from './values';

/** What a feed action is told to do (cli-expectations.md, "Feed lifecycle"). */
export type LifecycleEvent = 'CREATE' | 'READ' | 'UPDATE' | 'DELETE' | 'PAUSE' | 'UNPAUSE';

/** Text of feeds that do not know a trigger (any more). */
const UNKNOWN_TRIGGER = /not\s+(be\s+)?found|could\s+not\s+find|does\s+not\s+exist|no\s+such|unknown\s+trigger|404/i;

/** Bookkeeping that feeds add to what they answer to READ, and no program gives. */
const BOOKKEEPING = new Set(['name', 'namespace', 'apikey', 'authKey', 'triggerName', 'status', 'id', '_id', '_rev', 'dateChanged']);

/** One trigger's subscription to a feed: an action that is invoked with what to do, and later fires the trigger. */
export class Feed {
  constructor(
    /** `namespace/package/name` of the feed action. */
    private readonly actionId: string,
    /** `/namespace/name` of the trigger. */
    private readonly triggerName: string,
    private readonly context: OperationContext,
  ) {}

  /** Invokes the feed and waits for it. Throws a `FeedError` with the feed's own words when it refuses. */
  async tell(lifecycleEvent: LifecycleEvent, parameters: Value | undefined): Promise<WireJson> {
    const client = this.context.openwhisk();
    const own = revealDeep(parameters ?? {}) as { [key: string]: WireJson };
    const args = { ...own, lifecycleEvent, triggerName: this.triggerName, authKey: client.auth };
    try {
      const { response } = await client.invokeAndWait(actionAddressOf(this.actionId), args, this.context);
      return response.result ?? {};
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const words = withoutSecrets(error.message, [client.auth, ...secretTexts(parameters)]).replace(/\.$/, '');
      const missing = error.status === 404;
      throw new FeedError(
        missing
          ? `The feed "/${this.actionId}" does not exist, so it could not be told ${lifecycleEvent} for the trigger "${this.triggerName}".`
          : `The feed "/${this.actionId}" failed at ${lifecycleEvent} for the trigger "${this.triggerName}": ${words}.`,
        missing || UNKNOWN_TRIGGER.test(words),
        { cause: error },
      );
    }
  }

  /** Ends the subscription; succeeds when the feed, or the subscription, is gone already. */
  async end(parameters: Value | undefined): Promise<void> {
    try {
      await this.tell('DELETE', parameters);
    } catch (error) {
      if (!(error instanceof FeedError) || !error.gone) throw error;
      this.context.log('warning', `${error.message} There is nothing left to end there.`);
    }
  }

  /**
   * What the feed says of the subscription: its settings, `'gone'`, or `undefined` when it says nothing one could compare (many
   * feeds do not know READ).
   */
  async settings(parameters: Value | undefined): Promise<ValueMap | 'gone' | undefined> {
    try {
      const answer = (await this.tell('READ', parameters)) as Value;
      const config = isValueMap(answer) ? answer.config : undefined;
      return isValueMap(config) ? config : undefined;
    } catch (error) {
      if (!(error instanceof FeedError)) throw error;
      if (error.gone) return 'gone';
      this.context.log('debug', error.message);
      return undefined;
    }
  }
}

/** The settings a program could have given, for an import. */
export function givenSettings(settings: ValueMap): ValueMap {
  return Object.fromEntries(Object.entries(settings).filter(([key, value]) => !BOOKKEEPING.has(key) && value !== null));
}

function secretTexts(value: Value | undefined): string[] {
  if (value instanceof Secret) return texts(revealDeep(value));
  if (Array.isArray(value)) return value.flatMap(secretTexts);
  return isValueMap(value) ? Object.values(value).flatMap(secretTexts) : [];
}

function texts(value: Value): string[] {
  const plain = reveal(value);
  if (typeof plain === 'string') return plain === '' ? [] : [plain];
  if (Array.isArray(plain)) return plain.flatMap(texts);
  return isValueMap(plain) ? Object.values(plain).flatMap(texts) : [];
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text);
}
