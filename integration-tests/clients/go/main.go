// Plays a scenario through OpenWhisk's Go client and prints what came back, one JSON object a line: {"step": ..., "value": ...}.
// Arguments: API host, key, namespace of the key.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/apache/openwhisk-client-go/whisk"
)

type step struct {
	Step  string `json:"step"`
	Value any    `json:"value"`
}

func say(name string, value any) {
	line, err := json.Marshal(step{name, value})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

// must ends the program with the step that failed.
func must[T any](name string, value T, _ *http.Response, err error) T {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
	return value
}

func mustDo(name string, _ *http.Response, err error) {
	must(name, 0, nil, err)
}

func main() {
	host, auth, namespace := os.Args[1], os.Args[2], os.Args[3]
	client, err := whisk.NewClient(http.DefaultClient, &whisk.Config{Host: host, AuthToken: auth, Namespace: "_", Insecure: true})
	if err != nil {
		panic(err)
	}
	code := "function main(args) { return { greeting: args.hello + ' ' + args.name }; }"
	parameters := func(key string, value any) whisk.KeyValueArr {
		return whisk.KeyValueArr{whisk.KeyValue{Key: key, Value: value}}
	}

	p, response, err := client.Packages.Insert(&whisk.Package{Name: "gopkg", Parameters: parameters("hello", "hello")}, false)
	say("package", must("package", p, response, err).Version)
	b, response, err := client.Packages.Insert(&whisk.BindingPackage{
		Name: "gobound", Binding: whisk.Binding{Namespace: namespace, Name: "gopkg"}, Parameters: parameters("hello", "good day"),
	}, false)
	say("binding", must("binding", b, response, err).Binding)

	a, response, err := client.Actions.Insert(&whisk.Action{
		Name: "gopkg/greet", Exec: &whisk.Exec{Kind: "nodejs:default", Code: &code}, Parameters: parameters("name", "nobody"),
	}, false)
	say("action", must("action", a, response, err).Exec.Kind)
	a, response, err = client.Actions.Insert(&whisk.Action{Name: "gopkg/greet", Exec: &whisk.Exec{Kind: "nodejs:default", Code: &code}}, true)
	say("update", must("update", a, response, err).Version)
	a, response, err = client.Actions.Get("gopkg/greet", false)
	say("get", must("get", a, response, err).Exec)

	result, response, err := client.Actions.Invoke("gopkg/greet", map[string]any{"name": "bob"}, true, true)
	say("invoke", must("invoke", result, response, err))
	result, response, err = client.Actions.Invoke("gobound/greet", map[string]any{"name": "eve"}, true, true)
	say("invoke through the binding", must("bound", result, response, err))

	components := []string{"/_/gopkg/greet", "/_/gopkg/greet"}
	_, response, err = client.Actions.Insert(&whisk.Action{Name: "goseq", Exec: &whisk.Exec{Kind: "sequence", Components: components}}, false)
	must("sequence", 0, response, err)
	record, response, err := client.Actions.Invoke("goseq", map[string]any{"name": "twice"}, true, false)
	say("sequence", must("invoke sequence", record, response, err).(map[string]any)["response"])

	_, response, err = client.Triggers.Insert(&whisk.Trigger{Name: "gotick"}, false)
	must("trigger", 0, response, err)
	_, response, err = client.Rules.Insert(&whisk.Rule{Name: "gorule", Trigger: "/_/gotick", Action: "/_/gopkg/greet"}, false)
	must("rule", 0, response, err)
	fired, response, err := client.Triggers.Fire("gotick", map[string]any{"name": "fire"})
	id := must("fire", fired, response, err).ActivationId
	for i := 0; ; i++ {
		activation, response, err := client.Activations.Get(id)
		if err != nil && i < 50 {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		say("fired", must("activation", activation, response, err).Logs)
		break
	}
	_, response, err = client.Rules.SetState("gorule", "inactive")
	must("disable", 0, response, err)
	rule, response, err := client.Rules.Get("gorule")
	say("rule", must("get rule", rule, response, err).Status)

	_, _, err = client.Actions.Get("nosuch", false)
	say("missing", err.(*whisk.WskError).ExitCode)
	_, _, err = client.Actions.Insert(&whisk.Action{Name: "gopkg/greet", Exec: &whisk.Exec{Kind: "nodejs:default", Code: &code}}, false)
	say("conflict", err.(*whisk.WskError).ExitCode)

	count, response, err := client.Activations.Count(&whisk.ActivationCountOptions{Count: true})
	say("activations", must("count", count, response, err).Activations > 0)
	actions, response, err := client.Actions.List("", &whisk.ActionListOptions{Limit: 10})
	say("actions", len(must("list", actions, response, err)))
	info, response, err := client.Info.Get()
	say("info", must("info", info, response, err) != nil)

	response, err = client.Rules.Delete("gorule")
	mustDo("delete rule", response, err)
	_, response, err = client.Triggers.Delete("gotick")
	must("delete trigger", 0, response, err)
	for _, name := range []string{"goseq", "gopkg/greet"} {
		response, err := client.Actions.Delete(name)
		mustDo("delete "+name, response, err)
	}
	for _, name := range []string{"gobound", "gopkg"} {
		response, err := client.Packages.Delete(name)
		mustDo("delete "+name, response, err)
	}
	// last, because the client forgets its namespace over this call
	namespaces, response, err := client.Namespaces.List()
	say("namespaces", must("namespaces", namespaces, response, err))
	say("done", true)
}
