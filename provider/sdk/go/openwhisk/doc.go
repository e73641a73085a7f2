// A serverless platform that speaks the Apache OpenWhisk API, and the namespaces, packages, actions, sequences, triggers and rules that run on it.
package openwhisk
