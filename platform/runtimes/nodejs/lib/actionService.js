const { loadAction } = require('./actionLoader');
const { withoutRuntimeFrames } = require('./errorText');
const { errorValue } = require('./errorValue');
const { writeEndOfActivation } = require('./output');

const badRequest = '{"error":"Bad request."}';

/** What this process may do next: one /init, then /run until something goes wrong that code cannot be trusted to survive. */
const State = Object.freeze({ ready: 'ready', starting: 'starting', running: 'running', stopped: 'stopped' });

/** The action of this container. Status codes and texts are those of the nodejs runtime of Apache OpenWhisk. */
class ActionService {
  constructor({ concurrent, directory }) {
    this.concurrent = concurrent;
    this.directory = directory;
    this.state = State.ready;
    this.action = undefined;
    /** What was exported by the last run, so that only changes touch the process environment. */
    this.exported = Object.create(null);
  }

  handle(path, body, answer) {
    let message;
    if (path === '/run' || path === '/init') {
      try {
        message = JSON.parse(body);
      } catch {
        message = undefined;
      }
    }
    if (message === null || typeof message !== 'object') answer(500, badRequest);
    else if (path === '/run') this.run(message, answer);
    else this.init(message.value ?? {}, answer);
  }

  init(value, answer) {
    if (this.action) {
      this.refuse('Cannot initialize the action more than once.', answer);
    } else if (this.state !== State.ready) {
      this.refuse(`System not ready, status is ${this.state}.`, answer);
    } else if (!isText(value.main) || !isText(value.code)) {
      answer(403, '{"error":"Missing main/no code to execute."}');
    } else {
      this.state = State.starting;
      void this.load(value, answer);
    }
  }

  async load(value, answer) {
    try {
      exportEnvironment(value.env);
      this.action = await loadAction(value, this.directory);
      this.state = State.ready;
      answer(200, '{"ok":true}');
    } catch (error) {
      this.state = State.stopped;
      console.error('Error during initialization:', error);
      writeEndOfActivation();
      answer(502, JSON.stringify({ error: `Initialization has failed due to: ${error?.stack ? String(error.stack) : error}` }));
    }
  }

  run(message, answer) {
    if (!this.action || this.state !== State.ready) {
      this.refuse(this.action ? `System not ready, status is ${this.state}.` : 'System not initialized.', answer);
      return;
    }
    const args = message.value ?? {};
    if (typeof args !== 'object') {
      this.refuse(`Internal system error: the argument must be a dictionary but has type '${typeof args}'.`, answer);
      return;
    }
    if (!this.concurrent) this.state = State.running;
    this.exportContext(message);
    let result;
    try {
      result = this.action(args);
    } catch (error) {
      this.fail(error, answer);
      return;
    }
    if (typeof result?.then !== 'function') {
      this.succeed(result, answer);
      return;
    }
    Promise.resolve(result).then(
      (value) => this.succeed(value, answer),
      // a rejection is an answer of the action, not a fault of its code
      (reason) => this.succeed({ error: reason ? errorValue(withoutRuntimeFrames(reason)) : {} }, answer),
    );
  }

  succeed(result, answer) {
    let text;
    if (result === undefined) {
      text = '{}';
    } else if (typeof result === 'object') {
      try {
        text = JSON.stringify(result);
      } catch (error) {
        this.fail(error, answer);
        return;
      }
    }
    if (this.state === State.running) this.state = State.ready;
    if (text === undefined) {
      console.error(`Result must be of type object but has type "${typeof result}":`, result);
      writeEndOfActivation();
      answer(502, '{"error":"The action did not return a dictionary or array."}');
      return;
    }
    writeEndOfActivation();
    answer(200, text);
  }

  fail(error, answer) {
    this.state = State.stopped;
    console.error(withoutRuntimeFrames(error));
    writeEndOfActivation();
    answer(502, JSON.stringify({ error: `An error has occurred: ${describe(error)}` }));
  }

  refuse(error, answer) {
    console.error('Internal system error:', error);
    answer(403, JSON.stringify({ error }));
  }

  /** Everything beside the arguments becomes `__OW_<NAME>`. */
  exportContext(message) {
    const { exported } = this;
    for (const key in message) {
      const value = message[key];
      if (key === 'value' || typeof value !== 'string' || exported[key] === value) continue;
      exported[key] = value;
      process.env[`__OW_${key.toUpperCase()}`] = value;
    }
  }
}

function isText(value) {
  return typeof value === 'string' && value !== '';
}

function describe(error) {
  try {
    return String(error);
  } catch {
    return 'the action threw a value that has no text.';
  }
}

function exportEnvironment(env) {
  if (env === null || typeof env !== 'object') return;
  for (const [key, value] of Object.entries(env)) {
    if (value !== null && typeof value === 'object') process.env[key] = JSON.stringify(value);
    else process.env[key] = value ? String(value) : '';
  }
}

module.exports = { ActionService };
