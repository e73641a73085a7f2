/** A greeting for someone, or for everyone. */
exports.greetingFor = (greeting = 'Hello', name = 'world') => `${greeting}, ${name}!`;
