import com.pulumi.Pulumi;
import com.pulumi.asset.FileAsset;
import com.pulumi.openwhisk.Action;
import com.pulumi.openwhisk.ActionArgs;
import com.pulumi.openwhisk.Package;
import com.pulumi.openwhisk.Rule;
import com.pulumi.openwhisk.RuleArgs;
import com.pulumi.openwhisk.Trigger;

/** An action in a package, run by a trigger. The host is named by the provider's configuration or by WHISK_APIHOST and WHISK_AUTH. */
public class App {
    public static void main(String[] args) {
        Pulumi.run(ctx -> {
            var hello = new Package("hello");
            var greet = new Action("greet", ActionArgs.builder()
                .package_(hello.name())
                .kind("nodejs:default")
                .code(new FileAsset("greet.js"))
                .build());
            var visited = new Trigger("visited");
            new Rule("on-visit", RuleArgs.builder()
                .trigger(visited.name())
                .action(greet.fqn())
                .build());
            ctx.export("greet", greet.fqn());
        });
    }
}
