/** The databases, by what they hold. */
export interface DatabaseNames {
  subjects: string;
  whisks: string;
  activations: string;
}

export function databaseNames(prefix: string): DatabaseNames {
  return { subjects: `${prefix}subjects`, whisks: `${prefix}whisks`, activations: `${prefix}activations` };
}

export interface DesignDocument {
  _id: string;
  language: 'javascript';
  views?: Record<string, { map: string; reduce?: string }>;
  filters?: Record<string, string>;
}

/**
 * Names, keys and values are those of OpenWhisk (reference couchdb, section 6), so that its tools and this platform may work on the same
 * databases. The functions are in the JavaScript of old CouchDBs.
 */
function design(name: string, views: DesignDocument['views']): DesignDocument {
  return { _id: `_design/${name}`, language: 'javascript', views: views ?? {} };
}

const withoutDeletedAndDesign = {
  _id: '_design/snapshotFilters',
  language: 'javascript',
  filters: {
    withoutDeletedAndDesignDocuments: `function (doc, request) { return !doc._deleted && doc._id.indexOf('_design/') !== 0; }`,
  },
} as const satisfies DesignDocument;

export const identitiesDesign = 'subjects.v2.0.0';
export const blockedDesign = 'namespaceThrottlings';
/** Our own: every namespace, blocked or not. */
export const namespacesDesign = 'namespaces.v1';

const subjects: DesignDocument[] = [
  design(identitiesDesign, {
    identities: {
      map: `function (doc) {
  if (doc.subject && doc.namespaces && !doc.blocked) {
    doc.namespaces.forEach(function (ns) {
      var value = { _id: ns.name + '/limits', namespace: ns.name, uuid: ns.uuid, key: ns.key };
      emit([ns.name], value);
      emit([ns.uuid, ns.key], value);
    });
  }
}`,
    },
  }),
  design(blockedDesign, {
    blockedNamespaces: {
      map: `function (doc) {
  if (/\\/limits$/.test(doc._id)) {
    if (doc.concurrentInvocations === 0 || doc.invocationsPerMinute === 0) emit(doc._id.slice(0, -'/limits'.length), 1);
  } else if (doc.subject && doc.namespaces && doc.blocked) {
    doc.namespaces.forEach(function (ns) { emit(ns.name, 1); });
  }
}`,
      reduce: '_sum',
    },
  }),
  design(namespacesDesign, {
    namespaces: {
      map: `function (doc) {
  if (doc.subject && doc.namespaces) {
    doc.namespaces.forEach(function (ns) {
      emit(ns.name, { _id: ns.name + '/limits', subject: doc.subject, uuid: ns.uuid, key: ns.key, blocked: !!doc.blocked });
    });
  }
}`,
      reduce: '_count',
    },
    uuids: {
      map: `function (doc) {
  if (doc.subject && doc.namespaces) doc.namespaces.forEach(function (ns) { emit(ns.uuid, ns.name); });
}`,
    },
  }),
];

export const entitiesDesign = 'whisks.v2.1.0';

/** A view of one kind of entity, told apart by its fields; a packaged action is listed under its package and under its namespace. */
function entityView(condition: string, value: string, packaged = false): { map: string; reduce: string } {
  const more = packaged
    ? `
    var slash = doc.namespace.indexOf('/');
    if (slash > 0) emit([doc.namespace.slice(0, slash), doc.updated], value);`
    : '';
  return {
    map: `function (doc) {
  if (${condition}) {
    var value = ${value};
    emit([doc.namespace, doc.updated], value);${more}
  }
}`,
    reduce: '_count',
  };
}

const common =
  'namespace: doc.namespace, name: doc.name, version: doc.version, publish: doc.publish, annotations: doc.annotations, updated: doc.updated';
const isPackage = 'doc.binding && !doc.exec && !doc.trigger';
const bound = 'doc.binding && doc.binding.name ? doc.binding : false';

const whisks: DesignDocument[] = [
  design(entitiesDesign, {
    actions: entityView('doc.exec', `{ ${common}, limits: doc.limits, exec: { binary: !!doc.exec.binary } }`, true),
    triggers: entityView('doc.parameters && !doc.exec && !doc.binding && !doc.trigger && !doc.activationId', `{ ${common} }`),
    rules: entityView('doc.trigger && doc.action', '1'),
    packages: entityView(isPackage, `{ ${common}, binding: ${bound} }`),
    'packages-public': entityView(`${isPackage} && doc.publish && !doc.binding.name`, `{ ${common}, binding: false }`),
  }),
];

export const recordsDesign = 'whisks.v2.1.0';
export const recordsByNameDesign = 'whisks-filters.v2.1.1';
export const byDateDesign = 'activations';

const recordSummary = `
    var value = {
      namespace: doc.namespace, name: doc.name, version: doc.version, publish: doc.publish, annotations: doc.annotations,
      activationId: doc.activationId, start: doc.start, cause: doc.cause
    };
    if (doc.end !== 0) {
      value.end = doc.end;
      value.duration = doc.duration;
      value.statusCode = doc.response && doc.response.statusCode;
    }`;

const activations: DesignDocument[] = [
  design(recordsDesign, {
    activations: {
      map: `function (doc) {
  if (doc.activationId) {${recordSummary}
    emit([doc.namespace, doc.start], value);
  }
}`,
      reduce: '_count',
    },
  }),
  design(recordsByNameDesign, {
    activations: {
      map: `function (doc) {
  function annotation(key) {
    var found = (doc.annotations || []).filter(function (a) { return a.key === key; })[0];
    return found && typeof found.value === 'string' ? found.value.split('/') : [];
  }
  if (doc.activationId) {${recordSummary}
    // ns/package/action as it is called: through a binding it has the binding's name
    var path = annotation('path');
    var binding = annotation('binding');
    var name = path.length === 3 ? (binding.length === 2 ? binding[1] : path[1]) + '/' + doc.name : doc.name;
    emit([doc.namespace + '/' + name, doc.start], value);
  }
}`,
      reduce: '_count',
    },
  }),
  design(byDateDesign, {
    byDate: {
      // claims, which are our own, go with the records
      map: `function (doc) {
  if (doc.activationId) emit(doc.start, [doc._id, doc._rev]);
  else if (doc.claimed) emit(doc.claimed, [doc._id, doc._rev]);
}`,
    },
  }),
  design('logCleanup', {
    byDateWithLogs: {
      map: `function (doc) {
  if (!doc.activationId || !doc.logs || doc.logs.length === 0) return;
  var sequence = (doc.annotations || []).some(function (a) { return a.key === 'kind' && a.value === 'sequence'; });
  if (!sequence) emit(doc.start, [doc._id, doc._rev]);
}`,
    },
  }),
];

/** What each database needs to be served. */
export const designDocuments: Record<keyof DatabaseNames, readonly DesignDocument[]> = {
  subjects: [...subjects, withoutDeletedAndDesign],
  whisks: [...whisks, withoutDeletedAndDesign],
  activations: [...activations, withoutDeletedAndDesign],
};
