/** A greeting for someone, or for everyone. */
exports.greetingFor = (greeting, name = 'world') => `${greeting}, ${name}!`;
