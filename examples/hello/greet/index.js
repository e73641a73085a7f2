const { greetingFor } = require('./greeting');

/** Answers `{ greeting }`. `greeting` comes from the package, `token` from the action, `name` from the caller. */
exports.main = ({ greeting, name, token }) => ({
  greeting: greetingFor(greeting, name),
  // What a secret is worth may be told; what it is may not.
  tokenIsSet: typeof token === 'string' && token !== '',
});
