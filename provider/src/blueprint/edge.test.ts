import { type Edge, EdgeError, edgeConfiguration } from './edge';

const small: Edge = {
  controllers: [
    { api: 'controller0:3233', admin: 'controller0:3234' },
    { api: '10.0.0.7:3233', admin: '10.0.0.7:3234' },
  ],
  apiPort: 80,
};
const whole: Edge = {
  ...small,
  apiPort: 443,
  adminPort: 8081,
  tls: { certificate: '/etc/tls/tls.crt', key: '/etc/tls/tls.key' },
  redirectPort: 80,
  domain: 'api.example.com',
  folders: { temp: '/run/edge', pid: '/run/edge/nginx.pid' },
  workers: 2,
  logs: { access: 'off', error: '/var/log/edge.log' },
};

test.each([
  ['plain', small],
  ['with everything', whole],
])('%s', (_, edge) => {
  expect(edgeConfiguration(edge)).toMatchSnapshot();
});

const pair = (api: string) => [{ api, admin: 'a:1' }];

test.each([
  ['nginx needs at least one controller.', { controllers: [] }],
  ["The address 'a:1; }' is not host:port.", { controllers: pair('a:1; }') }],
  ["The address 'controller0' is not host:port.", { controllers: pair('controller0') }],
  ["The domain 'x y' is not the name of a host.", { domain: 'x y' }],
  ["The path '/etc/$x' is not an absolute path of letters, digits and '/._@+-'.", { folders: { temp: '/etc/$x', pid: '/p' } }],
])('%s', (message, wrong) => {
  expect(() => edgeConfiguration({ ...small, ...wrong })).toThrow(new EdgeError(message));
});

test('a request that was sent is never repeated if its method does not allow it', () => {
  expect(edgeConfiguration(whole)).toMatch(/proxy_next_upstream error timeout;/);
});
