const allowedHeaders = 'Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent';

function cors(methods: string): Record<string, string> {
  return { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': allowedHeaders, 'Access-Control-Allow-Methods': methods };
}

/** Reference rest-api, section 1.4. */
export const restCors = cors('GET, DELETE, POST, PUT, HEAD');
export const webCors = cors('OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH');
export const rootCors = cors('OPTIONS, GET, POST');
