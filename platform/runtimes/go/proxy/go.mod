module openwhisk/runtime

go 1.22
