exports.main = ({ greeting, name }) => ({ name: `${greeting} ${name}` });
