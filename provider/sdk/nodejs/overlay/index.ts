import "./actionFromFunction";
import "./triggerOn";
