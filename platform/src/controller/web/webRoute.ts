import { isEntityName } from '../../model/names';
import { pathSegments } from '../http/request';

const prefix = '/api/v1/web/';
export type Extension = 'http' | 'json' | 'html' | 'svg' | 'text';

/** `/api/v1/web/{ns}/{pkg|default}/{action}[.ext][/path]`, taken apart. */
export interface WebRoute {
  namespace: string;
  /** Undefined for the default package. */
  packageName: string | undefined;
  action: string;
  extension: Extension;
  /** `__ow_path` */
  path: string;
}

/** Undefined when the path is not one of a web action: then the authenticated API answers. */
export function matchWebRoute(path: string): WebRoute | undefined {
  if (!path.startsWith(prefix)) return undefined;
  const raw = path.slice(prefix.length).split('/');
  if (raw.length < 3) return undefined;
  let segments: string[];
  try {
    segments = pathSegments(`/${raw.slice(0, 3).join('/')}`);
  } catch {
    return undefined;
  }
  const [namespace, packageName, last] = segments as [string, string, string];
  if (!isEntityName(namespace) || !isEntityName(packageName) || !isEntityName(last)) return undefined;
  const found = /^(.+)\.(http|json|html|svg|text)$/.exec(last);
  const rest = raw.slice(3);
  return {
    namespace,
    packageName: packageName === 'default' ? undefined : packageName,
    action: found ? found[1]! : last,
    extension: (found?.[2] as Extension | undefined) ?? 'http',
    path: rest.length === 0 ? '' : normalisePath(`/${rest.join('/')}`),
  };
}

/** Escapes stay, in one form: those of unreserved characters are undone, hex digits are upper case. */
function normalisePath(path: string): string {
  return path.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9._~-]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });
}
