// Package executorwire is the protocol between an executor in a process of its
// own and its agent: the records, their conversion to and from what package
// proffer calls them, and the [Sender] that has each arrive once. What the
// protocol says is in the documentation of package executor.
//
// Decoding trusts nobody: sizes are bounded, and what does not follow the rules
// is an error.
package executorwire

//go:generate protoc --proto_path=../.. --go_out=../.. --go_opt=module=github.com/proffer-go/proffer internal/executorwire/executorwire.proto
