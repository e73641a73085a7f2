/**
 * Life of one container. `stem`: up, without code. `running`: at least one /run under way, more may come up to the action's
 * concurrency. `ready`: initialised and idle. `paused`: suspended. `removing` takes no work and ends in `removed`.
 */
export type ProxyState =
  | 'creating'
  | 'stem'
  | 'initializing'
  | 'running'
  | 'ready'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'removing'
  | 'removed';

export const transitions: Readonly<Record<ProxyState, readonly ProxyState[]>> = {
  creating: ['stem', 'initializing', 'removing', 'removed'],
  stem: ['initializing', 'removing'],
  initializing: ['running', 'removing'],
  running: ['ready', 'removing'],
  ready: ['running', 'pausing', 'removing'],
  pausing: ['paused', 'removing'],
  paused: ['resuming', 'removing'],
  resuming: ['running', 'removing'],
  removing: ['removed'],
  removed: [],
};
